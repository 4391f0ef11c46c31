"""The tables of Procrastinate, in a schema of their own beside ours; on PostgreSQL only.

They are built by the migrations that the library ships, up to the version that it had when this was
written, so this revision makes the same tables whatever the library becomes. A newer library brings
newer migrations: a new revision of ours runs those, and a test says when one is missing.
"""

from importlib.resources import files
from typing import Any

from alembic import op
from sqlalchemy import Connection, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LAST = "03.04.00_50"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    schema = _schema(connection)
    connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    ours = connection.execute(text("SELECT current_setting('search_path')")).scalar_one()
    _search(connection, f'"{schema}"')
    for migration in _migrations():
        _run(connection, migration)
    _search(connection, ours)


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(text(f'DROP SCHEMA "{_schema(connection)}" CASCADE'))


def _schema(connection: Connection) -> str:
    """As `adapters.sql.engine.jobs_schema` was when this was written."""
    ours = connection.get_execution_options().get("schema")
    return f"{ours}_procrastinate" if ours else "procrastinate"


def _search(connection: Connection, path: str) -> None:
    connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": path})


def _migrations() -> list[str]:
    found = [
        each
        for each in files("procrastinate.sql").joinpath("migrations").iterdir()
        if each.name.endswith(".sql") and each.name[: len(LAST)] <= LAST
    ]
    return [each.read_text("utf-8") for each in sorted(found, key=lambda each: each.name)]


def _run(connection: Connection, script: str) -> None:
    """Several statements at once, which only the driver itself takes."""
    driver: Any = connection.connection.driver_connection
    driver.execute(script)
