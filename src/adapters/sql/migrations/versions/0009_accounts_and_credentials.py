"""People whom we know, and the digests of the secrets that were given out."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# As `adapters.sql.types` was when this was written: a migration must not change with the code.
ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    _create_accounts()
    _create_sign_ins()
    _create_credentials()


def downgrade() -> None:
    for table in ("credentials", "sign_ins", "accounts"):
        op.drop_table(table)


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("timezone", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("address", ID),
        sa.Column("email_proved", sa.Boolean(), nullable=False),
        sa.Column("builder_id", ID),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_pkey")),
        sa.UniqueConstraint("address", name=op.f("accounts_address_key")),
        sa.ForeignKeyConstraint(
            ["builder_id"], ["builders.id"], name=op.f("accounts_builder_id_fkey")
        ),
    )
    _index("accounts", "builder_id")


def _create_sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("issuer", ID, nullable=False),
        sa.Column("subject", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("sign_ins_pkey")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("sign_ins_account_id_fkey")
        ),
    )
    op.create_index(op.f("sign_ins_account_id_idx"), "sign_ins", ["account_id"])


def _create_credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("address", ID),
        sa.Column("account_id", ID),
        sa.Column("role", sa.Text()),
        sa.Column("actor_id", ID),
        sa.Column("scopes", sa.JSON()),
        sa.Column("name", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("spent_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("credentials_pkey")),
        sa.UniqueConstraint("digest", name=op.f("credentials_digest_key")),
    )
    for columns in (
        ("address",),
        ("account_id",),
        ("role", "actor_id"),
        ("expires_at",),
        ("spent_at",),
    ):
        _index("credentials", *columns)


def _index(table: str, *columns: str) -> None:
    """Of those rows that have the first of them."""
    there = sa.text(f"{columns[0]} IS NOT NULL")
    op.create_index(
        op.f(f"{table}_{'_'.join(columns)}_idx"),
        table,
        list(columns),
        postgresql_where=there,
        sqlite_where=there,
    )
