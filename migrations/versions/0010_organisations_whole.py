"""Organisations merged, told apart, checked against the register; consents; employee counts reviewed; changes asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "distinctions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.Column("lower_id", sa.BigInteger(), nullable=False),
        sa.Column("upper_id", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("lower_id < upper_id", name=op.f("ck_distinctions_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distinctions")),
        sa.UniqueConstraint("thing", "lower_id", "upper_id", name=op.f("uq_distinctions_thing_lower_id_upper_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "merges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.Column("survivor_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_name", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moves", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
        sqlite_strict=True,
    )
    op.create_index("ix_merges_merged", "merges", ["thing", "merged_id"], unique=False)
    op.create_index("ix_merges_survivor", "merges", ["thing", "survivor_id"], unique=False)
    op.create_table(
        "register_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("corporate_number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("kana", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("close_cause", sa.Text(), nullable=False),
        sa.Column("successor_number", sa.Text(), nullable=True),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("updated_on", sa.Date(), nullable=True),
        sa.Column("name_is_image", sa.Boolean(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("agreed_name", sa.Text(), nullable=False),
        sa.Column("agreed_address", sa.Text(), nullable=False),
        sa.Column("duplicate_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entries")),
        sa.UniqueConstraint("corporate_number", name=op.f("uq_register_entries_corporate_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_register_entries_duplicate_key", "register_entries", ["duplicate_key"], unique=False)
    op.create_table(
        "change_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("renamed_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("office_remark", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_change_requests_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_change_requests_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_requests")),
        sqlite_strict=True,
    )
    op.create_index("ix_change_requests_organisation", "change_requests", ["organisation_id", "state"], unique=False)
    op.create_index("ix_change_requests_person_id", "change_requests", ["person_id"], unique=False)
    op.create_index("ix_change_requests_state", "change_requests", ["state"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_way", sa.String(length=40), nullable=True),
        sa.Column("withdrawn_note", sa.Text(), nullable=False),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_way IS NULL)", name=op.f("ck_consents_withdrawn")),
        sa.ForeignKeyConstraint(["evidence_file_id"], ["stored_files.id"], name=op.f("fk_consents_evidence_file_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_consents_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sqlite_strict=True,
    )
    op.create_index("ix_consents_person", "consents", ["person_id", "purpose"], unique=False)
    op.create_table(
        "requested_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["change_requests.id"], name=op.f("fk_requested_changes_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requested_changes")),
        sa.UniqueConstraint("request_id", "name", name=op.f("uq_requested_changes_request_id_name")),
        sqlite_strict=True,
    )
    op.add_column("employee_counts", sa.Column("reviewed_on", sa.Date(), nullable=True))
    op.add_column("organisations", sa.Column("number_checked_on", sa.Date(), nullable=True))
    op.add_column("organisations", sa.Column("number_source", sa.String(length=40), nullable=True))
    op.add_column(
        "organisations", sa.Column("billing_postal_code", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "organisations", sa.Column("billing_address", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "organisations",
        sa.Column(
            "merged_into_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("organisations.id", name=op.f("fk_organisations_merged_into_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_index("ix_organisations_merged_into_id", "organisations", ["merged_into_id"], unique=False)
    op.add_column("people", sa.Column("portal_rights", sa.Text(), nullable=True))
    op.add_column(
        "people",
        sa.Column(
            "merged_into_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("people.id", name=op.f("fk_people_merged_into_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("people", sa.Column("search_key", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_index("ix_people_list", "people", ["kana", "name", "id", "search_key"], unique=False)
    op.create_index("ix_people_merged_into_id", "people", ["merged_into_id"], unique=False)
