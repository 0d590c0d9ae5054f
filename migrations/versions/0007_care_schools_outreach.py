"""The tables of care, schools, outreach."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "memoranda",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=True),
        sa.Column("ends", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memoranda")),
        sqlite_strict=True,
    )
    op.create_table(
        "reported_totals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_reported_totals_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_totals")),
        sa.UniqueConstraint("metric", "year", name=op.f("uq_reported_totals_metric_year")),
        sqlite_strict=True,
    )
    op.create_index("ix_reported_totals_year", "reported_totals", ["year"], unique=False)

    op.create_table(
        "schools",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schools")),
        sa.UniqueConstraint("name", name=op.f("uq_schools_name")),
        sqlite_strict=True,
    )
    op.create_index("ix_schools_kind", "schools", ["kind"], unique=False)

    op.create_table(
        "care_sites",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_care_sites_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_sites")),
        sa.UniqueConstraint("name", "group_name", name=op.f("uq_care_sites_name_group_name")),
        sqlite_strict=True,
    )
    op.create_index("ix_care_sites_kind", "care_sites", ["kind"], unique=False)
    op.create_index("ix_care_sites_organisation_id", "care_sites", ["organisation_id"], unique=False)

    op.create_table(
        "school_programs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("school_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("pupils", sa.BigInteger(), nullable=True),
        sa.Column("sessions", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("pupils >= 0", name=op.f("ck_school_programs_pupils_not_negative")),
        sa.CheckConstraint("sessions >= 0", name=op.f("ck_school_programs_sessions_not_negative")),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_school_programs_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_programs")),
        sa.UniqueConstraint(
            "school_id", "course", "grade", "content", name=op.f("uq_school_programs_school_id_course_grade_content")
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_school_programs_school_id", "school_programs", ["school_id"], unique=False)
