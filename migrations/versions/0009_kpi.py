"""The tables of kpi."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "indicators",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("counted", sa.String(length=40), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicators")),
        sa.UniqueConstraint("plan", "key", name=op.f("uq_indicators_plan_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "indicator_readings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("indicator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_readings_indicator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_readings")),
        sa.UniqueConstraint(
            "indicator_id", "year", "as_of", name=op.f("uq_indicator_readings_indicator_id_year_as_of")
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_indicator_readings_indicator_id", "indicator_readings", ["indicator_id"], unique=False)
    op.create_index("ix_indicator_readings_year", "indicator_readings", ["year"], unique=False)

    op.create_table(
        "indicator_targets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("indicator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicators.id"], name=op.f("fk_indicator_targets_indicator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_targets")),
        sa.UniqueConstraint("indicator_id", "year", name=op.f("uq_indicator_targets_indicator_id_year")),
        sqlite_strict=True,
    )
    op.create_index("ix_indicator_targets_indicator_id", "indicator_targets", ["indicator_id"], unique=False)
