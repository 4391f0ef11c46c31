"""Which event of a calendar provider is whose, and what of the catalogue came from a provider."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_types", sa.Column("synced", sa.JSON()))
    op.add_column("bookings", sa.Column("calendar_ref", sa.JSON()))
    op.add_column("bookings", sa.Column("event_place", sa.Text()))
    op.add_column("bookings", sa.Column("removed_places", sa.JSON()))
    for flag in ("no_show_told", "token_handed_over"):
        op.add_column(
            "bookings",
            sa.Column(flag, sa.Boolean(), nullable=False, server_default=sa.false()),
        )
    op.create_index(op.f("bookings_tag_idx"), "bookings", ["tag"])
    op.create_index(op.f("bookings_event_place_idx"), "bookings", ["event_place"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("bookings_event_place_idx"), "bookings")
    op.drop_index(op.f("bookings_tag_idx"), "bookings")
    op.drop_column("bookings", "token_handed_over")
    op.drop_column("bookings", "no_show_told")
    op.drop_column("bookings", "removed_places")
    op.drop_column("bookings", "event_place")
    op.drop_column("bookings", "calendar_ref")
    op.drop_column("session_types", "synced")
