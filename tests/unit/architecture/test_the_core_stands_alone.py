"""booking_core imports the standard library, attrs and itself; nothing else, at no time."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attr
import pytest

SRC = Path(__file__).parents[3] / "src"
CORE = SRC / "booking_core"

EVERYWHERE = sys.stdlib_module_names | {"attr", "attrs", "booking_core"}
IN_TESTING = EVERYWHERE | {"pytest", "hypothesis"}

# Prints the top-level packages that importing the core brought in from outside src and attrs.
STRANGERS = """
import sys
before = set(sys.modules)
import booking_core
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
tops = {name for name in tops if not name.startswith("_sysconfigdata")}  # named by the platform
print(*sorted(tops - sys.stdlib_module_names - {"attr", "attrs", "booking_core"}))
print(*sorted(name for name in sys.modules if name.startswith("booking_core.testing")))
"""


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Each absolute import of `source`, with its line, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module


def violations(core: Path) -> list[str]:
    return [
        f"{path.relative_to(core)}:{line} imports {name}"
        for path in sorted(core.rglob("*.py"))
        for line, name in imported(path.read_text())
        if name.partition(".")[0]
        not in (IN_TESTING if path.is_relative_to(core / "testing") else EVERYWHERE)
    ]


def run_alone(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter that sees the standard library and `paths`, no more."""
    setup = f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", setup + code],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"TZ": "UTC"},
    )  # fmt: skip


@pytest.fixture
def attrs_alone(tmp_path: Path) -> Path:
    """A directory with attrs in it and none of its neighbours."""
    home = Path(attr.__file__).parent.parent
    room = tmp_path / "attrs-alone"
    room.mkdir()
    for package in ("attr", "attrs"):
        (room / package).symlink_to(home / package)
    return room


def test_every_import_of_the_core_is_allowed() -> None:
    assert violations(CORE) == []


def test_the_core_is_not_empty() -> None:
    assert list(CORE.rglob("*.py")), f"nothing to check under {CORE}"


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("domain/money.py", "import sqlalchemy.orm"),
        ("domain/money.py", "def price():\n    from flask import request"),
        ("ports/mail.py", "if TYPE_CHECKING:\n    import pydantic as p"),
        ("application/book.py", "import adapters.memory"),
        ("application/book.py", "import pytest"),
        ("testing/suite.py", "import httpx"),
    ],
)
def test_a_planted_import_is_caught(tmp_path: Path, file: str, source: str) -> None:
    planted = tmp_path / file
    planted.parent.mkdir()
    planted.write_text(source)
    assert len(violations(tmp_path)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("domain/money.py", "import decimal, attrs\nfrom attr import evolve"),
        ("domain/money.py", "from . import sqlalchemy\nfrom .flask import request"),
        ("testing/suite.py", "import pytest\nfrom hypothesis import given"),
    ],
)
def test_an_allowed_import_is_let_through(tmp_path: Path, file: str, source: str) -> None:
    planted = tmp_path / file
    planted.parent.mkdir()
    planted.write_text(source)
    assert violations(tmp_path) == []


def test_the_core_is_imported_alone_in_a_fresh_interpreter(attrs_alone: Path) -> None:
    done = run_alone(STRANGERS, SRC, attrs_alone)
    assert done.returncode == 0, done.stderr
    strangers, testing = done.stdout.splitlines()
    assert strangers == ""
    assert testing == "", "production code pays for booking_core.testing"


def test_a_stranger_in_a_fresh_interpreter_is_caught(attrs_alone: Path, tmp_path: Path) -> None:
    core = tmp_path / "planted" / "booking_core"
    core.mkdir(parents=True)
    (core / "__init__.py").write_text("import attrs, flask")
    assert "No module named 'flask'" in run_alone(STRANGERS, core.parent, attrs_alone).stderr

    (core.parent / "flask.py").touch()
    assert run_alone(STRANGERS, core.parent, attrs_alone).stdout.splitlines()[0] == "flask"
