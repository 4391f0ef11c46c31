"""The tables. What they look like in the database is decided by `migrations`, and a test compares.

Not here, because the two databases say it differently: the guard that keeps the claims of one
builder from overlapping (an exclusion constraint, a trigger).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from adapters.sql.types import Id, Instant, Json, Serial

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


# One row. A sequence would be seen by others before the change that raised it.
catalogue = Table(
    "catalogue",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Serial, nullable=False),
)

builders = Table(
    "builders",
    metadata,
    # What the guard of the claims works with: ranges of text do not exist.
    Column("number", Serial, primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("slug", Id, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("schedule", Json, nullable=False),
    Column("headline", Text, nullable=False),
    Column("photo_url", Text),
    Column("language", Text, nullable=False),
    Column("reminders", Json, nullable=False),
    Column("client_accounts", Boolean, nullable=False),
    Column("scheduling_mode", Text, nullable=False, server_default="direct"),
    Column("embed_sites", Json, nullable=False),
    Column("calendar_account", Text),
    Column("active", Boolean, nullable=False),
)

session_types = Table(
    "session_types",
    metadata,
    Column("id", Id, primary_key=True),
    Column("builder_id", Id, ForeignKey("builders.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("slug", Id, nullable=False),
    Column("description", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("pathways", Json, nullable=False),
    Column("requires_auth", Boolean, nullable=False),
    Column("duration", Integer, nullable=False),
    Column("slot_step", Integer),
    Column("price_amount", Serial),
    Column("price_currency", Text),
    Column("capacity", Integer, nullable=False),
    Column("questions", Json, nullable=False),
    Column("display_order", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("event_type_id", Text),
    Column("event_type_uri", Text),
    Column("synced", Json),
    Column("location", Json, nullable=False),
    Column("buffer_before", Integer, nullable=False),
    Column("buffer_after", Integer, nullable=False),
    Column("minimum_notice", Integer, nullable=False),
    Column("horizon", Integer, nullable=False),
    Column("daily_limit", Integer),
    Column("cancellation_policy", Json, nullable=False),
    UniqueConstraint("builder_id", "slug"),
)

# Word for word what is asked for, otherwise its index is not used.
EVERY_STATE = "state <> ''"
UNSETTLED_ROWS = (
    "state = 'CONFIRMING' OR pending_starts_at IS NOT NULL"
    " OR payment_status IN ('REQUESTED', 'PROCESSING', 'AUTHORISED', 'REFUND_DUE')"
)

bookings = Table(
    "bookings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("builder_id", Id, ForeignKey("builders.id"), nullable=False),
    Column("session_type_id", Id, ForeignKey("session_types.id"), nullable=False),
    Column("client_id", Id),
    Column("client_name", Text, nullable=False),
    Column("client_email", Text, nullable=False),
    Column("client_email_folded", Text, nullable=False),
    Column("client_timezone", Text, nullable=False),
    Column("client_language", Text),
    Column("flow", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Column("pending_starts_at", Instant),
    Column("pending_ends_at", Instant),
    Column("pending_occupancy", Json),
    Column("deadline", Instant),
    Column("payment_status", Text, nullable=False),
    Column("payment", Json, nullable=False),
    Column("terms", Json, nullable=False),
    Column("occupancy", Json, nullable=False),
    Column("details", Json, nullable=False),
    Column("tag", Id, nullable=False),
    Column("calendar_ref", Json),
    Column("event", Json),
    Column("event_place", Text),
    Column("removed_places", Json),
    Column("no_show_told", Boolean, nullable=False),
    Column("token_handed_over", Boolean, nullable=False),
    Column("cancel_reason", Text, nullable=False),
    Column("token_version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("origin", Id),
    Index(None, "created_at", "id"),
    Index(None, "builder_id", "starts_at"),
    Index(None, "builder_id", "created_at", "id"),
    Index(None, "client_id", "created_at", "id"),
    Index(None, "session_type_id", "created_at", "id"),
    Index(None, "client_email_folded"),
    Index(None, "tag"),
    Index(None, "event_place", unique=True),
    # Only what waits for a client has a deadline, so these two stay small.
    Index(None, "deadline", **_where("deadline IS NOT NULL")),
    Index(None, "builder_id", "deadline", **_where("deadline IS NOT NULL")),
    Index("bookings_unsettled_idx", "id", **_where(UNSETTLED_ROWS)),
    # For counting only: of all other questions by state SQLite would think that it answers them.
    Index("bookings_counted_idx", "state", **_where(EVERY_STATE)),
)

claims = Table(
    "claims",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("builder_number", Serial, ForeignKey("builders.number"), nullable=False),
    Column("session_type_id", Id, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("blocked_from", Instant, nullable=False),
    Column("blocked_to", Instant, nullable=False),
    # Whose it is; NULL for a group meeting, whose bookings have `seats`.
    Column("booking_id", Id),
    Column("held_until", Instant),
    CheckConstraint("blocked_from < blocked_to", name="not_empty"),
    Index(None, "builder_number", "blocked_from"),
    Index(None, "session_type_id", "starts_at"),
    Index(None, "booking_id", **_where("booking_id IS NOT NULL")),
)

seats = Table(
    "seats",
    metadata,
    Column("claim_id", Serial, ForeignKey("claims.id"), primary_key=True, autoincrement=False),
    Column("booking_id", Id, primary_key=True),
    Column("held_until", Instant),
    # What this booking was promised; its meeting blocks the widest of them.
    Column("blocked_from", Instant, nullable=False),
    Column("blocked_to", Instant, nullable=False),
    Index(None, "booking_id"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("scope", Id, primary_key=True),
    Column("value", Id, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Json),
    Column("received_at", Instant, nullable=False),
    Index(None, "received_at"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", Text),
    Column("email", Text),
    Column("timezone", Text),
    Column("language", Text),
    # What it is found by; NULL for an address that nobody has proved.
    Column("address", Id, unique=True),
    Column("email_proved", Boolean, nullable=False),
    Column("builder_id", Id, ForeignKey("builders.id")),
    Column("is_admin", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "builder_id", **_where("builder_id IS NOT NULL")),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("issuer", Id, primary_key=True),
    Column("subject", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Index(None, "account_id"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("digest", Id, nullable=False, unique=True),
    Column("email", Text),
    Column("address", Id),
    Column("account_id", Id),
    # Whom an API key acts for.
    Column("role", Text),
    Column("actor_id", Id),
    Column("scopes", Json),
    Column("name", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("spent_at", Instant),
    Index(None, "address", **_where("address IS NOT NULL")),
    Index(None, "account_id", **_where("account_id IS NOT NULL")),
    Index(None, "role", "actor_id", **_where("role IS NOT NULL")),
    Index(None, "expires_at", **_where("expires_at IS NOT NULL")),
    Index(None, "spent_at", **_where("spent_at IS NOT NULL")),
)

calendar_bindings = Table(
    "calendar_bindings",
    metadata,
    Column("builder_id", Id, ForeignKey("builders.id"), primary_key=True),
    Column("account", Text, nullable=False),
    Column("sealed_token", Text, nullable=False),
    Column("bound_at", Instant, nullable=False),
)

openings = Table(
    "openings",
    metadata,
    Column("session_type_id", Id, primary_key=True),
    Column("next_start", Instant),
    Column("seen_at", Instant, nullable=False),
)

#: A job that nobody has leased, nor given up.
WAITING = "lease_until IS NULL AND due_at IS NOT NULL"

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("booking_id", Id, nullable=False),
    Column("key", Id, nullable=False),
    Column("subject", Text, nullable=False),
    # NULL for a dead job: it is never due.
    Column("due_at", Instant),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("error", Text, nullable=False),
    Column("request_id", Text, nullable=False, server_default=""),
    Index(None, "key", unique=True, **_where(WAITING)),
    Index(None, "due_at", **_where("due_at IS NOT NULL")),
    Index(None, "lease_until", **_where("lease_until IS NOT NULL")),
    Index(None, "booking_id", "id"),
    # The id of a job that is done must not come again: its late worker could take another's away.
    sqlite_autoincrement=True,
)

trail = Table(
    "trail",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("happened_at", Instant, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Id, nullable=False),
    # Whose subject it is; NULL where that is not known.
    Column("builder_id", Id),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("actor", Id, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Index(None, "subject_id", "id"),
    Index(None, "builder_id", "id"),
    Index(None, "actor", "id"),
    Index(None, "happened_at"),
)
