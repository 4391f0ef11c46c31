"""The contracts of import-linter (pyproject.toml) hold here, and would notice if they did not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# A small tree that keeps every contract.
KEPT = {
    "booking_core/__init__.py": "from booking_core.application import book",
    "booking_core/domain/__init__.py": "",
    "booking_core/ports/__init__.py": "from booking_core.domain import *",
    "booking_core/application/__init__.py": "",
    "booking_core/application/book.py": "import booking_core.ports",
    "booking_core/testing/__init__.py": "import booking_core",
    "adapters/__init__.py": "",
    "adapters/sql/__init__.py": "import booking_core",
    "adapters/smtp/__init__.py": "from booking_core import book",
    "entrypoints/__init__.py": "",
    "entrypoints/problems.py": "from entrypoints import settings",
    "entrypoints/settings.py": "",
    "entrypoints/container.py": "import adapters.sql, adapters.smtp, booking_core",
    "entrypoints/cli.py": "import booking_core, entrypoints.container, entrypoints.problems",
    "entrypoints/web/__init__.py": "import booking_core, entrypoints.container",
    "entrypoints/worker.py": "import entrypoints.container",
}


def lint(src: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import importlinter.cli as i; i.lint_imports_command()"]
        + ["--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=src, env=os.environ | {"PYTHONPATH": str(src), "COLUMNS": "200"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, source in KEPT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return tmp_path


def test_the_import_rules_hold() -> None:
    done = lint(ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_well_kept_tree_passes(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_may_be_missing(tree: Path) -> None:
    for room in ("adapters/sql", "adapters/smtp", "entrypoints/web", "booking_core/testing"):
        shutil.rmtree(tree / room)
    for door in ("container", "cli", "worker"):
        (tree / f"entrypoints/{door}.py").unlink()
    done = lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("booking_core/domain/slot.py", "import booking_core.ports"),
        ("booking_core/domain/slot.py", "import booking_core"),
        ("booking_core/ports/mailer.py", "import booking_core.application"),
        ("booking_core/application/hold.py", "import booking_core.testing"),
        ("booking_core/application/hold.py", "import adapters.sql"),
        ("booking_core/services/__init__.py", ""),
        ("adapters/smtp/letters.py", "import adapters.sql"),
        ("adapters/smtp/letters.py", "import entrypoints.settings"),
        ("adapters/smtp/letters.py", "from booking_core.domain import *"),
        ("adapters/new_room/__init__.py", "import adapters.smtp"),
        ("entrypoints/web/pages.py", "import adapters.sql"),
        ("entrypoints/web/pages.py", "import booking_core.application.book"),
        ("entrypoints/web/pages.py", "import entrypoints.cli"),
        ("entrypoints/worker.py", "import entrypoints.web"),
        ("entrypoints/settings.py", "import entrypoints.container"),
    ],
)
def test_a_planted_import_breaks_a_contract(tree: Path, file: str, source: str) -> None:
    planted = tree / file
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(source)
    done = lint(tree)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout, done.stdout + done.stderr
