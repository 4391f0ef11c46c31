"""Jobs know the request that wrote them, and bookings are counted by state."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("request_id", sa.Text(), nullable=False, server_default=""))
    op.create_index(
        "bookings_counted_idx",
        "bookings",
        ["state"],
        postgresql_where=sa.text("state <> ''"),
        sqlite_where=sa.text("state <> ''"),
    )


def downgrade() -> None:
    op.drop_index("bookings_counted_idx", "bookings")
    op.drop_column("outbox", "request_id")
