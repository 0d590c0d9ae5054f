"""The tables of events."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("place_en", sa.Text(), nullable=False),
        sa.Column("online_address", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("party_limit", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_reason", sa.Text(), nullable=False),
        sa.Column("copied_from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("invitation_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "closes_at IS NULL OR opens_at IS NULL OR opens_at < closes_at", name=op.f("ck_events_window")
        ),
        sa.ForeignKeyConstraint(["copied_from_id"], ["events.id"], name=op.f("fk_events_copied_from_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("slug", name=op.f("uq_events_slug")),
        sqlite_strict=True,
    )
    op.create_index("ix_events_kind", "events", ["kind"], unique=False)
    op.create_index("ix_events_state", "events", ["state"], unique=False)

    op.create_table(
        "event_questions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("help", sa.Text(), nullable=False),
        sa.Column("help_en", sa.Text(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("options_en", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_questions_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_questions")),
        sqlite_strict=True,
    )
    op.create_index("ix_event_questions_event_id", "event_questions", ["event_id"], unique=False)

    op.create_table(
        "event_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("seats_kept", sa.BigInteger(), nullable=True),
        sa.Column("calendar_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_event_sessions_capacity")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_event_sessions_order")),
        sa.ForeignKeyConstraint(["calendar_id"], ["stored_files.id"], name=op.f("fk_event_sessions_calendar_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_sessions_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_sessions")),
        sqlite_strict=True,
    )
    op.create_index("ix_event_sessions_calendar_id", "event_sessions", ["calendar_id"], unique=False)
    op.create_index("ix_event_sessions_event_start", "event_sessions", ["event_id", "starts_at"], unique=False)
    op.create_index("ix_event_sessions_starts_at", "event_sessions", ["starts_at"], unique=False)

    op.create_table(
        "registrations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("party_size", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("notice_version", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("recognised_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=40), nullable=True),
        sa.Column("attended", sa.String(length=40), nullable=True),
        sa.Column("came", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'offered') = (offer_until IS NOT NULL)", name=op.f("ck_registrations_offer")),
        sa.CheckConstraint("came >= 0", name=op.f("ck_registrations_came")),
        sa.CheckConstraint("party_size >= 1", name=op.f("ck_registrations_party")),
        sa.ForeignKeyConstraint(["recognised_id"], ["organisations.id"], name=op.f("fk_registrations_recognised_id")),
        sa.ForeignKeyConstraint(["session_id"], ["event_sessions.id"], name=op.f("fk_registrations_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("code", name=op.f("uq_registrations_code")),
        sqlite_strict=True,
    )
    op.create_index("ix_registrations_email", "registrations", ["email"], unique=False)
    op.create_index("ix_registrations_list", "registrations", ["session_id", "state", "id"], unique=False)
    op.create_index(
        "ix_registrations_offers",
        "registrations",
        ["offer_until"],
        unique=False,
        sqlite_where=sa.text("offer_until IS NOT NULL"),
        postgresql_where=sa.text("offer_until IS NOT NULL"),
    )
    op.create_index("ix_registrations_recognised_id", "registrations", ["recognised_id"], unique=False)
