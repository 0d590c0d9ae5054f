"""The tables of ground."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "acts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about_table", sa.Text(), nullable=True),
        sa.Column("about_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acts")),
        sa.UniqueConstraint("number", name=op.f("uq_acts_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_acts_about", "acts", ["about_table", "about_id"], unique=False)
    op.create_index("ix_acts_actor", "acts", ["actor"], unique=False)
    op.create_index("ix_acts_at", "acts", ["at"], unique=False)
    op.create_index("ix_acts_kind", "acts", ["kind"], unique=False)

    op.create_table(
        "chain_heads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_heads")),
        sqlite_strict=True,
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
        sa.UniqueConstraint("key", "actor", "route", name=op.f("uq_commands_key_actor_route")),
        sqlite_strict=True,
    )
    op.create_index("ix_commands_at", "commands", ["at"], unique=False)

    op.create_table(
        "counters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counters")),
        sa.UniqueConstraint("series", "fiscal_year", name=op.f("uq_counters_series_fiscal_year")),
        sqlite_strict=True,
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient_email", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("unsubscribe_url", sa.Text(), nullable=True),
        sa.Column("about_table", sa.Text(), nullable=True),
        sa.Column("about_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("wakes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("key", name=op.f("uq_letters_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_letters_message_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_letters_about", "letters", ["about_table", "about_id"], unique=False)
    op.create_index("ix_letters_posted_at", "letters", ["posted_at"], unique=False)
    op.create_index("ix_letters_recipient_email", "letters", ["recipient_email"], unique=False)
    op.create_index("ix_letters_state", "letters", ["state"], unique=False)
    op.create_index("ix_letters_template", "letters", ["template"], unique=False)
    op.create_index(
        "ix_letters_waking",
        "letters",
        ["wakes_at", "id"],
        unique=False,
        sqlite_where=sa.text("wakes_at IS NOT NULL"),
        postgresql_where=sa.text("wakes_at IS NOT NULL"),
    )

    op.create_table(
        "settings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings")),
        sa.UniqueConstraint("key", name=op.f("uq_settings_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "stored_files",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_stored_files_digest")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_stored_files_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
        sa.UniqueConstraint("digest", name=op.f("uq_stored_files_digest")),
        sqlite_strict=True,
    )
    op.create_index("ix_stored_files_kept_at", "stored_files", ["kept_at"], unique=False)

    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("act_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=True),
        sa.Column("erased_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["act_id"], ["acts.id"], name=op.f("fk_changes_act_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sqlite_strict=True,
    )
    op.create_index("ix_changes_act_id", "changes", ["act_id"], unique=False)
    op.create_index("ix_changes_row", "changes", ["table_name", "row_id"], unique=False)

    op.create_table(
        "issued_documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_date", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("about_table", sa.Text(), nullable=True),
        sa.Column("about_id", sa.BigInteger(), nullable=True),
        sa.Column("addressee", sa.Text(), nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_issued_documents_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_documents")),
        sa.UniqueConstraint("number", name=op.f("uq_issued_documents_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_issued_documents_about", "issued_documents", ["about_table", "about_id"], unique=False)
    op.create_index("ix_issued_documents_amount", "issued_documents", ["amount"], unique=False)
    op.create_index("ix_issued_documents_counterparty", "issued_documents", ["counterparty"], unique=False)
    op.create_index("ix_issued_documents_file_id", "issued_documents", ["file_id"], unique=False)
    op.create_index("ix_issued_documents_issued_on", "issued_documents", ["issued_on"], unique=False)
    op.create_index("ix_issued_documents_kind", "issued_documents", ["kind"], unique=False)
    op.create_index("ix_issued_documents_state", "issued_documents", ["state"], unique=False)
    op.create_index("ix_issued_documents_transaction_date", "issued_documents", ["transaction_date"], unique=False)

    op.create_table(
        "document_copies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reissued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reissued_by", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["issued_documents.id"], name=op.f("fk_document_copies_document_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_document_copies_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_copies")),
        sa.UniqueConstraint("document_id", "ordinal", name=op.f("uq_document_copies_document_id_ordinal")),
        sqlite_strict=True,
    )
    op.create_index("ix_document_copies_document_id", "document_copies", ["document_id"], unique=False)
    op.create_index("ix_document_copies_file_id", "document_copies", ["file_id"], unique=False)
    op.create_index("ix_document_copies_state", "document_copies", ["state"], unique=False)

    op.create_table(
        "letter_attachments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("letter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("(document_id IS NULL) <> (file_id IS NULL)", name=op.f("ck_letter_attachments_one_thing")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["issued_documents.id"], name=op.f("fk_letter_attachments_document_id")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_letter_attachments_file_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_letter_attachments_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_attachments")),
        sqlite_strict=True,
    )
    op.create_index("ix_letter_attachments_document_id", "letter_attachments", ["document_id"], unique=False)
    op.create_index("ix_letter_attachments_file_id", "letter_attachments", ["file_id"], unique=False)
    op.create_index("ix_letter_attachments_letter_id", "letter_attachments", ["letter_id"], unique=False)
    genesis = sa.text("INSERT INTO chain_heads (id, number, hash) VALUES (1, 0, :hash)").bindparams(hash="0" * 64)
    op.execute(genesis)
    _refuse_changes_of_the_record()


RECORD = ("acts", "changes")
MESSAGE = "the record is append-only"


def _refuse_changes_of_the_record() -> None:
    """The record refuses deletes and updates; the one exception is erasing a person, which names the act that did it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
        )
        for table in RECORD:
            op.execute(
                f"CREATE TRIGGER {table}_stay BEFORE DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record()"
            )
            op.execute(
                f"CREATE TRIGGER {table}_keep BEFORE UPDATE ON {table} FOR EACH ROW {_unless_erasing(table)} "
                "EXECUTE FUNCTION refuse_change_of_record()"
            )
        return
    for table in RECORD:
        op.execute(f"CREATE TRIGGER {table}_stay BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END")
        op.execute(
            f"CREATE TRIGGER {table}_keep BEFORE UPDATE ON {table} {_unless_erasing(table)} "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )


def _unless_erasing(table: str) -> str:
    if table != "changes":
        return ""
    same = " AND ".join(
        f"NEW.{c} = OLD.{c}" for c in ("id", "act_id", "position", "table_name", "row_id", "operation", "sealed")
    )
    return f"WHEN (NOT (OLD.erased_by IS NULL AND NEW.erased_by IS NOT NULL AND NEW.salt IS NULL AND {same}))"
