"""Calendar accounts that builders brought along; their tokens are encrypted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calendar_bindings",
        sa.Column("builder_id", ID, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("sealed_token", sa.Text(), nullable=False),
        sa.Column("bound_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["builder_id"], ["builders.id"], name="calendar_bindings_builder_id_fkey"
        ),
        sa.PrimaryKeyConstraint("builder_id", name="calendar_bindings_pkey"),
    )


def downgrade() -> None:
    op.drop_table("calendar_bindings")
