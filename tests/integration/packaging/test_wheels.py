"""Both wheels are built, installed into clean environments, and used there."""

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import attrs
import pytest

from entrypoints.settings import settings_fields

pytestmark = [
    pytest.mark.packaging,
    pytest.mark.xdist_group("packaging"),
    pytest.mark.timeout(600),  # pip has about thirty packages to fetch
]

ROOT = Path(__file__).parents[3]
#: The environment of a machine that knows nothing of this checkout.
OURS = {"PYTHONPATH", *(each.metadata["name"] for each in settings_fields())}
EXAMPLE = re.compile(r"<!-- embedding-example -->\s*```python\n(.*?)```", re.DOTALL)
TOP_LEVELS = """
from importlib.metadata import packages_distributions
tools = {"pip", "setuptools"}  # of the environment itself, with what a distribution adds to them
print(*sorted(top for top, of in packages_distributions().items() if not tools.issuperset(of)))
"""
KINDS = ["calendars", "payments", "mailers", "stores"]
ENTRY_POINTS = f"""
from importlib.metadata import entry_points
for kind in {KINDS}:
    print(kind, *sorted(entry_points(group="booking." + kind).names))
    (memory,) = entry_points(group="booking." + kind, name="memory")
    assert callable(memory.load())
"""


def run(*command: object, cwd: Path | None = None) -> str:
    elsewhere = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=elsewhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@attrs.frozen
class Environment:
    """A virtual environment without anything of ours but what is installed into it."""

    home: Path

    def install(self, *wheels: Path) -> None:
        run(self.home / "bin/python", "-m", "pip", "install", "--quiet", *wheels)

    def python(self, code: str) -> str:
        python = self.home / "bin/python"
        return run(python, "-I", "-W", "error", "-c", code, cwd=self.home)

    def command(self, name: str, *arguments: str) -> str:
        return run(self.home / "bin" / name, *arguments, cwd=self.home)


def new_environment(home: Path) -> Environment:
    venv.create(home, with_pip=True, symlinks=True)
    return Environment(home)


def build(project: Path, into: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, project)
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def core_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("core-wheel"))


@pytest.fixture(scope="module")
def service_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT / "packaging/service", tmp_path_factory.mktemp("service-wheel"))


@pytest.fixture(scope="module")
def with_core(tmp_path_factory: pytest.TempPathFactory, core_wheel: Path) -> Environment:
    environment = new_environment(tmp_path_factory.mktemp("with-core"))
    environment.install(core_wheel)
    return environment


@pytest.fixture(scope="module")
def with_service(
    tmp_path_factory: pytest.TempPathFactory, core_wheel: Path, service_wheel: Path
) -> Environment:
    environment = new_environment(tmp_path_factory.mktemp("with-service"))
    environment.install(core_wheel, service_wheel)
    return environment


def files(wheel: Path) -> set[str]:
    """What the wheel puts into an environment, its own metadata left out."""
    with ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def metadata(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return {name.partition("/")[2] for name in archive.namelist() if ".dist-info/" in name}


def sources(package: str, *, shipped_as: str | None = None) -> Iterator[str]:
    """The files of a package of the checkout, named as in a wheel."""
    root = ROOT / "src" / package
    for path in root.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{shipped_as or package}/{path.relative_to(root)}"


def test_the_core_wheel_holds_the_core_and_the_memory_adapters(core_wheel: Path) -> None:
    memory = set(sources("adapters/memory", shipped_as="booking_core/testing/memory"))
    assert files(core_wheel) == set(sources("booking_core")) | memory
    assert "booking_core/testing/memory/__init__.py" in memory
    assert "booking_core/py.typed" in files(core_wheel)


def test_the_core_wheel_has_no_command_and_no_entry_points(core_wheel: Path) -> None:
    assert metadata(core_wheel) == {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"}


def test_the_service_wheel_holds_the_adapters_and_the_entrypoints(service_wheel: Path) -> None:
    assert files(service_wheel) == {*sources("adapters"), *sources("entrypoints")}


def test_only_attrs_comes_with_the_core(with_core: Environment) -> None:
    assert with_core.python(TOP_LEVELS).split() == ["attr", "attrs", "booking_core"]


def test_the_core_and_its_memory_adapters_are_imported(with_core: Environment) -> None:
    with_core.python("import booking_core, booking_core.testing.memory")


def test_the_embedding_example_of_the_readme_runs(with_core: Environment) -> None:
    example = EXAMPLE.search((ROOT / "README.md").read_text())
    assert example, "README.md has no ```python block right after <!-- embedding-example -->"
    with_core.python(example.group(1))


def test_the_service_brings_the_booking_command(with_service: Environment) -> None:
    assert "serve" in with_service.command("booking", "--help")


def test_the_installed_service_migrates_seeds_and_finds_slots(with_service: Environment) -> None:
    assert json.loads(with_service.command("booking", "migrate", "--json")) == {"migrated": True}
    assert json.loads(with_service.command("booking", "seed", "--json"))["added"] > 0
    found = json.loads(with_service.command("booking", "slots", "demo/getting-started", "--json"))
    assert found["slots"]
    assert (with_service.home / "var/booking.db").exists()


def test_adapters_of_every_kind_are_found_by_name(with_service: Environment) -> None:
    names = dict(line.split(" ", 1) for line in with_service.python(ENTRY_POINTS).splitlines())
    assert list(names) == KINDS
    assert "local" in names["calendars"].split()


def test_the_two_wheels_fit_together(with_service: Environment) -> None:
    with_service.command("pip", "check")
