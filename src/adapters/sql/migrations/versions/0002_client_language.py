"""The language that a client is written to in."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bookings", sa.Column("client_language", sa.Text()))


def downgrade() -> None:
    op.drop_column("bookings", "client_language")
