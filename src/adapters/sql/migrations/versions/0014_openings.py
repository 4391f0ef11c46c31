"""When each session type can be booked next, as far as was known when a worker looked."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("session_type_id", ID, nullable=False),
        sa.Column("next_start", INSTANT),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("session_type_id", name="openings_pkey"),
    )


def downgrade() -> None:
    op.drop_table("openings")
