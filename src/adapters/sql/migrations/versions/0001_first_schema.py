"""The first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# As `adapters.sql.types` was when this was written: a migration must not change with the code.
ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")

TABLES = (
    "catalogue",
    "builders",
    "session_types",
    "bookings",
    "claims",
    "seats",
    "inbox",
    "outbox",
)

# Ranges of one builder that overlap. The builder is written as a range too, because comparing a
# plain number in such a constraint would need an extension.
POSTGRES_GUARD = """
ALTER TABLE claims ADD CONSTRAINT claims_no_overlap EXCLUDE USING gist (
    int8range(builder_number, builder_number, '[]') WITH &&,
    tstzrange(blocked_from, blocked_to, '[)') WITH &&
)
"""

# Claims of one builder that are there never overlap, so only the last one that begins before the
# new one ends can collide with it: one look into an index.
SQLITE_COLLIDES = """
    (
        SELECT blocked_to FROM claims
        WHERE builder_number = NEW.builder_number AND blocked_from < NEW.blocked_to
            AND id IS NOT NEW.id
        ORDER BY blocked_from DESC LIMIT 1
    ) > NEW.blocked_from
"""
# A new claim that collides is left out, and nothing is answered, as PostgreSQL is asked to do.
SQLITE_GUARD = f"""
CREATE TRIGGER claims_no_overlap BEFORE INSERT ON claims WHEN {SQLITE_COLLIDES}
BEGIN SELECT RAISE(IGNORE); END
"""
SQLITE_GUARD_OF_CHANGES = f"""
CREATE TRIGGER claims_no_overlap_after_change
BEFORE UPDATE OF builder_number, blocked_from, blocked_to ON claims WHEN {SQLITE_COLLIDES}
BEGIN SELECT RAISE(ABORT, 'claims overlap'); END
"""


def upgrade() -> None:
    _create_catalogue()
    _create_builders()
    _create_session_types()
    _create_bookings()
    _create_claims()
    _create_seats()
    _create_inbox()
    _create_outbox()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRES_GUARD)
    else:
        op.execute(SQLITE_GUARD)
        op.execute(SQLITE_GUARD_OF_CHANGES)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _create_catalogue() -> None:
    op.create_table(
        "catalogue",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", SERIAL, nullable=False),
        sa.PrimaryKeyConstraint("id", name="catalogue_pkey"),
    )
    op.execute("INSERT INTO catalogue (id, version) VALUES (1, 0)")


def _create_builders() -> None:
    op.create_table(
        "builders",
        sa.Column("number", SERIAL, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", ID, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("schedule", sa.JSON(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("photo_url", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("reminders", sa.JSON(), nullable=False),
        sa.Column("client_accounts", sa.Boolean(), nullable=False),
        sa.Column("embed_sites", sa.JSON(), nullable=False),
        sa.Column("calendar_account", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="builders_pkey"),
        sa.UniqueConstraint("id", name="builders_id_key"),
        sa.UniqueConstraint("slug", name="builders_slug_key"),
    )


def _create_session_types() -> None:
    op.create_table(
        "session_types",
        sa.Column("id", ID, nullable=False),
        sa.Column("builder_id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("slug", ID, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("pathways", sa.JSON(), nullable=False),
        sa.Column("requires_auth", sa.Boolean(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("slot_step", sa.Integer()),
        sa.Column("price_amount", SERIAL),
        sa.Column("price_currency", sa.Text()),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("display_order", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("event_type_id", sa.Text()),
        sa.Column("event_type_uri", sa.Text()),
        sa.Column("location", sa.JSON(), nullable=False),
        sa.Column("buffer_before", sa.Integer(), nullable=False),
        sa.Column("buffer_after", sa.Integer(), nullable=False),
        sa.Column("minimum_notice", sa.Integer(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("daily_limit", sa.Integer()),
        sa.Column("cancellation_policy", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["builder_id"], ["builders.id"], name="session_types_builder_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="session_types_pkey"),
        sa.UniqueConstraint("builder_id", "slug", name="session_types_builder_id_slug_key"),
    )


def _create_bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("builder_id", ID, nullable=False),
        sa.Column("session_type_id", ID, nullable=False),
        sa.Column("client_id", ID),
        sa.Column("client_name", sa.Text(), nullable=False),
        sa.Column("client_email", sa.Text(), nullable=False),
        sa.Column("client_email_folded", sa.Text(), nullable=False),
        sa.Column("client_timezone", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts_at", INSTANT),
        sa.Column("ends_at", INSTANT),
        sa.Column("pending_starts_at", INSTANT),
        sa.Column("pending_ends_at", INSTANT),
        sa.Column("deadline", INSTANT),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("payment", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("occupancy", sa.JSON(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("tag", ID, nullable=False),
        sa.Column("event", sa.JSON()),
        sa.Column("cancel_reason", sa.Text(), nullable=False),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["builder_id"], ["builders.id"], name="bookings_builder_id_fkey"),
        sa.ForeignKeyConstraint(
            ["session_type_id"], ["session_types.id"], name="bookings_session_type_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="bookings_pkey"),
    )
    op.create_index(
        "bookings_builder_id_created_at_id_idx", "bookings", ["builder_id", "created_at", "id"]
    )
    op.create_index(
        "bookings_builder_id_deadline_idx",
        "bookings",
        ["builder_id", "deadline"],
        **_where("deadline IS NOT NULL"),
    )
    op.create_index("bookings_builder_id_starts_at_idx", "bookings", ["builder_id", "starts_at"])
    op.create_index("bookings_client_email_folded_idx", "bookings", ["client_email_folded"])
    op.create_index(
        "bookings_client_id_created_at_id_idx", "bookings", ["client_id", "created_at", "id"]
    )
    op.create_index("bookings_created_at_id_idx", "bookings", ["created_at", "id"])
    op.create_index(
        "bookings_deadline_idx", "bookings", ["deadline"], **_where("deadline IS NOT NULL")
    )
    op.create_index(
        "bookings_session_type_id_created_at_id_idx",
        "bookings",
        ["session_type_id", "created_at", "id"],
    )


def _create_claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("builder_number", SERIAL, nullable=False),
        sa.Column("session_type_id", ID, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("blocked_from", INSTANT, nullable=False),
        sa.Column("blocked_to", INSTANT, nullable=False),
        sa.Column("booking_id", ID),
        sa.Column("held_until", INSTANT),
        sa.CheckConstraint("blocked_from < blocked_to", name="claims_not_empty"),
        sa.ForeignKeyConstraint(
            ["builder_number"], ["builders.number"], name="claims_builder_number_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="claims_pkey"),
    )
    op.create_index(
        "claims_booking_id_idx", "claims", ["booking_id"], **_where("booking_id IS NOT NULL")
    )
    op.create_index(
        "claims_builder_number_blocked_from_idx", "claims", ["builder_number", "blocked_from"]
    )
    op.create_index(
        "claims_session_type_id_starts_at_idx", "claims", ["session_type_id", "starts_at"]
    )


def _create_seats() -> None:
    op.create_table(
        "seats",
        sa.Column("claim_id", SERIAL, autoincrement=False, nullable=False),
        sa.Column("booking_id", ID, nullable=False),
        sa.Column("held_until", INSTANT),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name="seats_claim_id_fkey"),
        sa.PrimaryKeyConstraint("claim_id", "booking_id", name="seats_pkey"),
    )
    op.create_index("seats_booking_id_idx", "seats", ["booking_id"])


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("scope", ID, nullable=False),
        sa.Column("value", ID, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("scope", "value", name="inbox_pkey"),
    )
    op.create_index("inbox_received_at_idx", "inbox", ["received_at"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("booking_id", ID, nullable=False),
        sa.Column("key", ID, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", INSTANT),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="outbox_pkey"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_booking_id_id_idx", "outbox", ["booking_id", "id"])
    op.create_index("outbox_due_at_idx", "outbox", ["due_at"], **_where("due_at IS NOT NULL"))
    op.create_index(
        "outbox_key_idx",
        "outbox",
        ["key"],
        unique=True,
        **_where("lease_until IS NULL AND due_at IS NOT NULL"),
    )
    op.create_index(
        "outbox_lease_until_idx", "outbox", ["lease_until"], **_where("lease_until IS NOT NULL")
    )
