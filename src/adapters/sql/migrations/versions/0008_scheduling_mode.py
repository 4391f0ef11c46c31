"""How the clients of a builder come to their time."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "builders",
        sa.Column("scheduling_mode", sa.Text(), nullable=False, server_default="direct"),
    )


def downgrade() -> None:
    op.drop_column("builders", "scheduling_mode")
