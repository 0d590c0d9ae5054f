"""Runs the numbered migrations on the connection the application hands over; imports crm only for SQLite's column words."""

from alembic import context

import crm.db  # noqa: F401  (STRICT tables on SQLite know TEXT and INTEGER, not DATE and BIGINT)

config = context.config


def run() -> None:
    """Upgrade inside the given connection; SQLite changes tables by copying them."""
    connection = config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=config.attributes.get("metadata"),
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=config.attributes.get("render_item"),
        compare_type=config.attributes.get("compare_type", True),
        include_object=config.attributes.get("include"),
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
