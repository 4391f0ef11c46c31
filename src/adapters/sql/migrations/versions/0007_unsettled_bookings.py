"""What finds the bookings whose calendar or money still has to be settled."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ROWS = sa.text(
    "state = 'CONFIRMING' OR pending_starts_at IS NOT NULL"
    " OR payment_status IN ('REQUESTED', 'PROCESSING', 'AUTHORISED', 'REFUND_DUE')"
)


def upgrade() -> None:
    op.create_index(
        "bookings_unsettled_idx",
        "bookings",
        ["id"],
        postgresql_where=_ROWS,
        sqlite_where=_ROWS,
    )


def downgrade() -> None:
    op.drop_index("bookings_unsettled_idx", "bookings")
