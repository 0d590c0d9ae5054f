"""Applications put aside, evidenced, decided by the board; declared figures; certificates of a year; registrations for colleagues."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "passkey_challenges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenges")),
        sa.UniqueConstraint("challenge", name=op.f("uq_passkey_challenges_challenge")),
        sqlite_strict=True,
    )
    op.create_index("ix_passkey_challenges_until", "passkey_challenges", ["until"], unique=False)
    op.create_table(
        "text_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_versions")),
        sa.UniqueConstraint("key", "number", name=op.f("uq_text_versions_key_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_text_versions_digest", "text_versions", ["digest"], unique=False)
    op.create_table(
        "certificate_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("send", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gathered", sa.BigInteger(), nullable=False),
        sa.Column("zip_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pdf_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["pdf_id"], ["stored_files.id"], name=op.f("fk_certificate_runs_pdf_id")),
        sa.ForeignKeyConstraint(["zip_id"], ["stored_files.id"], name=op.f("fk_certificate_runs_zip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_runs")),
        sqlite_strict=True,
    )
    op.create_index("ix_certificate_runs_pdf_id", "certificate_runs", ["pdf_id"], unique=False)
    op.create_index("ix_certificate_runs_state", "certificate_runs", ["state"], unique=False)
    op.create_index("ix_certificate_runs_year", "certificate_runs", ["year"], unique=False)
    op.create_index("ix_certificate_runs_zip_id", "certificate_runs", ["zip_id"], unique=False)
    op.create_table(
        "declarations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("times_asked", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("office_remark", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("employees >= 0", name=op.f("ck_declarations_not_negative")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_declarations_member_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_declarations_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declarations")),
        sa.UniqueConstraint("member_id", "year", name=op.f("uq_declarations_member_id_year")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_declarations_token_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_declarations_person_id", "declarations", ["person_id"], unique=False)
    op.create_index("ix_declarations_state", "declarations", ["state"], unique=False)
    op.create_index("ix_declarations_year", "declarations", ["year"], unique=False)
    op.create_table(
        "application_drafts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["applications.id"], name=op.f("fk_application_drafts_application_id")
        ),
        sa.ForeignKeyConstraint(["evidence_id"], ["stored_files.id"], name=op.f("fk_application_drafts_evidence_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_drafts")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_application_drafts_token_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_application_drafts_application_id", "application_drafts", ["application_id"], unique=False)
    op.create_index("ix_application_drafts_evidence_id", "application_drafts", ["evidence_id"], unique=False)
    op.create_index("ix_application_drafts_saved_at", "application_drafts", ["saved_at"], unique=False)
    op.add_column("applications", sa.Column("rules_text", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("applications", sa.Column("privacy_text", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column(
        "applications",
        sa.Column(
            "evidence_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("stored_files.id", name=op.f("fk_applications_evidence_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("applications", sa.Column("field_remarks", sa.Text(), nullable=True))
    op.add_column("applications", sa.Column("reviewed_by", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("applications", sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("applications", sa.Column("opinion", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("applications", sa.Column("board_on", sa.Date(), nullable=True))
    op.add_column("applications", sa.Column("minutes", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("applications", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "applications", sa.Column("withdrawn_reason", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    op.create_index("ix_applications_evidence_id", "applications", ["evidence_id"], unique=False)
    op.add_column(
        "certificates",
        sa.Column(
            "other_document_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("issued_documents.id", name=op.f("fk_certificates_other_document_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_index("ix_certificates_other_document_id", "certificates", ["other_document_id"], unique=False)
    op.add_column("membership_terms", sa.Column("withdrawal_decided_on", sa.Date(), nullable=True))
    op.add_column(
        "registrations",
        sa.Column(
            "made_for_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("organisations.id", name=op.f("fk_registrations_made_for_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column(
        "registrations",
        sa.Column(
            "made_by_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("people.id", name=op.f("fk_registrations_made_by_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_index("ix_registrations_made_by_id", "registrations", ["made_by_id"], unique=False)
    op.create_index("ix_registrations_made_for_id", "registrations", ["made_for_id"], unique=False)
