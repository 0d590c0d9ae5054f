"""The tables of organisations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kana", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("kind_known", sa.Boolean(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("corporate_number", sa.Text(), nullable=True),
        sa.Column("number_state", sa.String(length=40), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("representative", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_example", sa.Boolean(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("duplicate_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("corporate_number", name=op.f("uq_organisations_corporate_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_organisations_duplicate_key", "organisations", ["duplicate_key"], unique=False)
    op.create_index("ix_organisations_industry", "organisations", ["industry"], unique=False)
    op.create_index("ix_organisations_kind", "organisations", ["kind"], unique=False)
    op.create_index("ix_organisations_list", "organisations", ["kana", "name", "id", "search_key"], unique=False)

    op.create_table(
        "bank_names",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kana", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_bank_names_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_names")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_bank_names_organisation_id_key")),
        sqlite_strict=True,
    )
    op.create_index("ix_bank_names_key", "bank_names", ["key"], unique=False)
    op.create_index("ix_bank_names_organisation_id", "bank_names", ["organisation_id"], unique=False)

    op.create_table(
        "employee_counts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("employees", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("employees >= 0", name=op.f("ck_employee_counts_not_negative")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_employee_counts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee_counts")),
        sa.UniqueConstraint("organisation_id", "on", name=op.f("uq_employee_counts_organisation_id_on")),
        sqlite_strict=True,
    )
    op.create_index("ix_employee_counts_organisation_id", "employee_counts", ["organisation_id"], unique=False)

    op.create_table(
        "former_names",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("duplicate_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_former_names_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_names")),
        sqlite_strict=True,
    )
    op.create_index("ix_former_names_duplicate_key", "former_names", ["duplicate_key"], unique=False)
    op.create_index("ix_former_names_organisation_id", "former_names", ["organisation_id"], unique=False)

    op.create_table(
        "import_reviews",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("row_digest", sa.Text(), nullable=False),
        sa.Column("matches", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_import_reviews_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_reviews")),
        sa.UniqueConstraint("kind", "row_digest", name=op.f("uq_import_reviews_kind_row_digest")),
        sqlite_strict=True,
    )
    op.create_index("ix_import_reviews_waiting", "import_reviews", ["decision", "id"], unique=False)

    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kana", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_people_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sqlite_strict=True,
    )
    op.create_index("ix_people_email", "people", ["email"], unique=False)
    op.create_index("ix_people_organisation_id", "people", ["organisation_id"], unique=False)

    op.create_table(
        "person_roles",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_roles_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_roles")),
        sqlite_strict=True,
    )
    op.create_index("ix_person_roles_person_role", "person_roles", ["person_id", "role"], unique=False)

    op.create_table(
        "portal_access",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_portal_access_person_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_portal_access_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_access")),
        sa.UniqueConstraint("user_id", name=op.f("uq_portal_access_user_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_portal_access_person_id", "portal_access", ["person_id"], unique=False)

    op.create_table(
        "successions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("successor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("predecessor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("former_name_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(predecessor_id IS NULL) <> (former_name_id IS NULL)", name=op.f("ck_successions_one_before")
        ),
        sa.CheckConstraint(
            "predecessor_id IS NULL OR predecessor_id <> successor_id", name=op.f("ck_successions_not_itself")
        ),
        sa.ForeignKeyConstraint(["former_name_id"], ["former_names.id"], name=op.f("fk_successions_former_name_id")),
        sa.ForeignKeyConstraint(["predecessor_id"], ["organisations.id"], name=op.f("fk_successions_predecessor_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["organisations.id"], name=op.f("fk_successions_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_successions")),
        sa.UniqueConstraint("former_name_id", name=op.f("uq_successions_former_name_id")),
        sa.UniqueConstraint("predecessor_id", name=op.f("uq_successions_predecessor_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_successions_successor_id", "successions", ["successor_id"], unique=False)
