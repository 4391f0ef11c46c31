"""Where a hold was asked for from, as a keyed digest, for as long as it waits for its client."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("bookings", sa.Column("origin", ID))


def downgrade() -> None:
    op.drop_column("bookings", "origin")
