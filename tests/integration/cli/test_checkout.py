"""`bin/booking` of a checkout, from whatever directory and under whatever name it is called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoints.settings import settings_fields

_ROOT = Path(__file__).parents[3]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a data directory of its own: the rest of it leads to this one."""
    root = tmp_path / "checkout"
    (root / "bin").mkdir(parents=True)
    (root / "bin/booking").write_text((_ROOT / "bin/booking").read_text())
    (root / "bin/booking").chmod(0o755)
    (root / ".venv").symlink_to(_ROOT / ".venv")
    (root / "src").symlink_to(_ROOT / "src")
    return root


@pytest.fixture
def run(tmp_path: Path) -> Run:
    set_by_us = {each.metadata["name"] for each in settings_fields()}
    clean = {name: value for name, value in os.environ.items() if name not in set_by_us}

    def run(*line: str, cwd: Path = tmp_path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line, cwd=cwd, env=clean | more, capture_output=True, text=True, check=False
        )

    return run


def test_the_data_lie_in_the_checkout_from_whatever_directory(
    checkout: Path, run: Run, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert run("../checkout/bin/booking", "migrate", cwd=elsewhere).returncode == 0
    assert (checkout / "var/booking.db").exists()
    assert list(elsewhere.iterdir()) == []
    assert run("bin/booking", "builders", cwd=checkout).returncode == 0
    shown = run(f"{checkout}/bin/booking", "settings", "--json", cwd=elsewhere).stdout
    assert f"sqlite:///{checkout}/var/booking.db" in shown


def test_a_dotenv_file_of_the_checkout_counts_from_whatever_directory(
    checkout: Path, run: Run, tmp_path: Path
) -> None:
    (checkout / ".env").write_text("DATABASE_URL=sqlite:///data/other.db\n")
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///somebody-elses.db\n")
    assert run("checkout/bin/booking", "migrate").returncode == 0
    assert (checkout / "data/other.db").exists()
    assert not (tmp_path / "somebody-elses.db").exists()


def test_a_path_in_the_environment_is_where_the_shell_says(run: Run, checkout: Path) -> None:
    here = {"DATABASE_URL": "sqlite:///here.db"}
    assert run("checkout/bin/booking", "migrate", **here).returncode == 0
    assert (checkout.parent / "here.db").exists()


@pytest.fixture
def told(checkout: Path, run: Run) -> Callable[..., str]:
    """What the command of that name prints in the checkout."""

    def told(name: str, *args: str) -> str:
        ended = run(name, *args, cwd=checkout, COLUMNS="200")
        return ended.stdout + ended.stderr

    return told


@pytest.mark.parametrize("name", ["./bin/booking", "../checkout/bin/booking"])
def test_hints_name_the_command_as_it_was_called(told: Callable[..., str], name: str) -> None:
    assert f"run `{name} migrate`" in told(name, "builders")


def test_every_sort_of_hint_names_the_command(told: Callable[..., str]) -> None:
    name = "bin/booking"
    assert f"Run `{name} migrate`" in told(name, "doctor")
    told(name, "migrate")
    assert f"`{name} builders add`" in told(name, "builders")
    assert f"`{name} session-types` lists" in told(name, "seed")
    assert f"Usage: {name} slots" in told(name, "slots")
    assert "`booking " not in told(name, "serve", "--help")
