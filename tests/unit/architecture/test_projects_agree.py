"""booking-core and booking-service are built from one checkout, so their projects must agree."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def project(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text())["project"]


CORE = project("pyproject.toml")
SERVICE = project("packaging/service/pyproject.toml")


def test_the_core_needs_attrs_alone_and_installs_no_command() -> None:
    assert [need.partition(">")[0] for need in CORE["dependencies"]] == ["attrs"]
    assert "scripts" not in CORE


def test_the_service_needs_the_core_of_its_own_version() -> None:
    assert SERVICE["version"] == CORE["version"]
    assert f"booking-core=={CORE['version']}" in SERVICE["dependencies"]


def test_the_service_is_shipped_with_the_libraries_that_are_tested_here() -> None:
    extras = [need for needs in SERVICE["optional-dependencies"].values() for need in needs]
    shipped = {*SERVICE["dependencies"], *extras} - {f"booking-core=={CORE['version']}"}
    assert shipped == set(CORE["optional-dependencies"]["app"])
