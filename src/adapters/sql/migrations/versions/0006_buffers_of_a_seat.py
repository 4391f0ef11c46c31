"""What each seat of a group meeting was promised of the time around it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
COLUMNS = ("blocked_from", "blocked_to")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("seats", sa.Column(name, INSTANT))
        op.execute(
            f"UPDATE seats SET {name} ="
            f" (SELECT claims.{name} FROM claims WHERE claims.id = seats.claim_id)"
        )
    with op.batch_alter_table("seats") as seats:
        for name in COLUMNS:
            seats.alter_column(name, existing_type=INSTANT, nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("seats") as seats:
        for name in COLUMNS:
            seats.drop_column(name)
