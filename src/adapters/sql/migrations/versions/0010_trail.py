"""What happened, in order: who changed what, and how it went at the providers."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.create_table(
        "trail",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("builder_id", ID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("actor", ID, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="trail_pkey"),
    )
    op.create_index("trail_subject_id_id_idx", "trail", ["subject_id", "id"])
    op.create_index("trail_builder_id_id_idx", "trail", ["builder_id", "id"])
    op.create_index("trail_actor_id_idx", "trail", ["actor", "id"])
    op.create_index("trail_happened_at_idx", "trail", ["happened_at"])


def downgrade() -> None:
    op.drop_table("trail")
