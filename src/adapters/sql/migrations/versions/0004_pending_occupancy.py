"""What was agreed for the slot that a booking shall move to."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bookings", sa.Column("pending_occupancy", sa.JSON()))


def downgrade() -> None:
    op.drop_column("bookings", "pending_occupancy")
