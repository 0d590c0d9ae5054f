"""The tables of projects."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "contracts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=True),
        sa.Column("ends", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["evidence_file_id"], ["stored_files.id"], name=op.f("fk_contracts_evidence_file_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_contracts_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sqlite_strict=True,
    )
    op.create_index("ix_contracts_evidence_file_id", "contracts", ["evidence_file_id"], unique=False)
    op.create_index("ix_contracts_kind_signed", "contracts", ["kind", "signed"], unique=False)
    op.create_index("ix_contracts_organisation_id", "contracts", ["organisation_id"], unique=False)

    op.create_table(
        "participations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("topic BETWEEN 1 AND 3", name=op.f("ck_participations_topic")),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"], ["stored_files.id"], name=op.f("fk_participations_evidence_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_participations_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participations")),
        sqlite_strict=True,
    )
    op.create_index("ix_participations_evidence_file_id", "participations", ["evidence_file_id"], unique=False)
    op.create_index("ix_participations_organisation_id", "participations", ["organisation_id"], unique=False)

    op.create_table(
        "ventures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("founded", sa.SmallInteger(), nullable=False),
        sa.Column("business", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_ventures_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ventures")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_ventures_organisation_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_ventures_founded", "ventures", ["founded"], unique=False)
