"""What `make audit` decides, of what pip-audit reports."""

from __future__ import annotations

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SPEC = spec_from_file_location("audit", ROOT / "packaging/audit.py")
assert SPEC
assert SPEC.loader
audit: Any = module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

CLEAN = {"name": "attrs", "version": "25.4.0", "vulns": []}
HOLE = {"name": "flask", "version": "0.1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2"]}]}
OPEN = {"name": "jinja2", "version": "1", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]}
UNKNOWN = {"name": "stripe", "skip_reason": "Dependency not found and could not be audited"}
AWAY = "Traceback …\nrequests.exceptions.ConnectionError: Max retries exceeded"


def decide(*libraries: dict[str, Any], said: str = "") -> tuple[int, str]:
    code, told = audit.decide(json.dumps({"dependencies": libraries, "fixes": []}), said)
    return code, told


@pytest.mark.parametrize("beside", [[], [CLEAN], [UNKNOWN]])
def test_a_known_hole_fails_and_is_named(beside: list[dict[str, Any]]) -> None:
    code, told = decide(*beside, HOLE, OPEN, said="Found 2 known vulnerabilities")
    assert code == 1
    assert "flask 0.1: PYSEC-1, mended in 0.2" in told
    assert "jinja2 1: PYSEC-2, mended in no version yet" in told


def test_no_known_hole_passes_and_tells_what_was_not_looked_at() -> None:
    assert decide(CLEAN) == (0, "pip-audit: no known hole in 1 libraries")
    assert decide(CLEAN, UNKNOWN) == (
        0,
        "pip-audit: no known hole in 1 libraries; not known to its feed: stripe",
    )


@pytest.mark.parametrize("report", ["", "{", "[]", "null"])
def test_a_feed_that_does_not_answer_is_told_and_fails_nothing(report: str) -> None:
    assert audit.decide(report, AWAY) == (0, "pip-audit: NOT RUN, its feed does not answer")


def test_a_feed_that_knows_nothing_has_found_nothing_out() -> None:
    """It says so by passing over each library, and that there are no holes."""
    code, told = decide(UNKNOWN, UNKNOWN, said="No known vulnerabilities found")
    assert (code, told) == (0, "pip-audit: NOT RUN, its feed knows none of 2 libraries")


def test_an_audit_that_fails_otherwise_fails() -> None:
    assert audit.decide("", "No module named pip_audit") == (1, "No module named pip_audit")


def test_the_checks_ask_before_the_tests() -> None:
    checks = (ROOT / ".ci/run").read_text("utf-8")
    assert 0 < checks.index("make audit") < checks.index("exec make test")
