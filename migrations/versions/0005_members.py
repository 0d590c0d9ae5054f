"""The tables of members."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "fee_tiers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("member_class", sa.String(length=40), nullable=False),
        sa.Column("employees_min", sa.BigInteger(), nullable=True),
        sa.Column("employees_max", sa.BigInteger(), nullable=True),
        sa.Column("annual_fee", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("annual_fee >= 0", name=op.f("ck_fee_tiers_fee_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_tiers")),
        sa.UniqueConstraint("code", "effective_from", name=op.f("uq_fee_tiers_code_effective_from")),
        sqlite_strict=True,
    )
    op.create_table(
        "members",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_members_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("number", name=op.f("uq_members_number")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_members_organisation_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kana", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("member_class", sa.String(length=40), nullable=False),
        sa.Column("employees", sa.BigInteger(), nullable=False),
        sa.Column("employees_on", sa.Date(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("rules_digest", sa.Text(), nullable=False),
        sa.Column("privacy_digest", sa.Text(), nullable=False),
        sa.Column("representative", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("corporate_number", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("contact_department", sa.Text(), nullable=False),
        sa.Column("billing_same", sa.Boolean(), nullable=False),
        sa.Column("billing_name", sa.Text(), nullable=False),
        sa.Column("billing_email", sa.Text(), nullable=False),
        sa.Column("billing_department", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_remark", sa.Text(), nullable=False),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("employees >= 0", name=op.f("ck_applications_employees_not_negative")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_applications_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
        sa.UniqueConstraint("number", name=op.f("uq_applications_number")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_applications_token_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_applications_member_id", "applications", ["member_id"], unique=False)
    op.create_index("ix_applications_state", "applications", ["state"], unique=False)

    op.create_table(
        "certificates",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("member_class", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["issued_documents.id"], name=op.f("fk_certificates_document_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_certificates_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("number", name=op.f("uq_certificates_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_certificates_document_id", "certificates", ["document_id"], unique=False)
    op.create_index("ix_certificates_member_id", "certificates", ["member_id"], unique=False)
    op.create_index("ix_certificates_year", "certificates", ["year"], unique=False)
    op.create_index(
        "uq_certificates_live",
        "certificates",
        ["member_id", "year"],
        unique=True,
        sqlite_where=sa.text("revoked_on IS NULL"),
        postgresql_where=sa.text("revoked_on IS NULL"),
    )

    op.create_table(
        "class_periods",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_class", sa.String(length=40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_class_periods_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_periods")),
        sqlite_strict=True,
    )
    op.create_index("ix_class_periods_days", "class_periods", ["since", "until"], unique=False)
    op.create_index("ix_class_periods_member_id", "class_periods", ["member_id"], unique=False)

    op.create_table(
        "membership_terms",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("member_class", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("fixed_tier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("fixed_reason", sa.Text(), nullable=False),
        sa.Column("withdrawal_asked_on", sa.Date(), nullable=True),
        sa.Column("withdrawal_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["fixed_tier_id"], ["fee_tiers.id"], name=op.f("fk_membership_terms_fixed_tier_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_membership_terms_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_terms")),
        sa.UniqueConstraint("member_id", "year", name=op.f("uq_membership_terms_member_id_year")),
        sqlite_strict=True,
    )
    op.create_index("ix_membership_terms_member_id", "membership_terms", ["member_id"], unique=False)
    op.create_index("ix_membership_terms_year", "membership_terms", ["year"], unique=False)
