"""Asks whether the libraries that are installed here have known holes. `make audit`.

Finding one fails. Where the feed of such holes does not answer, nothing is known and nothing fails, and
that is said: a feed that knows none of the libraries finds none of their holes either.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

_COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--local", "--skip-editable"),
    *("--progress-spinner", "off", "--format", "json", "--desc", "off"),
)
_LONGEST = 300  # seconds
_AWAY = re.compile("ConnectionError|Timeout|HTTPError|ServiceError|ProxyError|SSLError")


def decide(report: str, said: str) -> tuple[int, str]:
    """The exit code and what to tell, of the report and of what was said besides."""
    try:
        found = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return (0, _not_run("its feed does not answer")) if _AWAY.search(said) else (1, said)
    known = [each for each in found if "skip_reason" not in each]
    unknown = [each["name"] for each in found if "skip_reason" in each]
    if holes := [f"  {hole}" for each in known for hole in _holes(each)]:
        return 1, "\n".join(["pip-audit: known holes", *holes])
    if not known:
        return 0, _not_run(f"its feed knows none of {len(unknown)} libraries")
    beside = f"; not known to its feed: {', '.join(unknown)}" if unknown else ""
    return 0, f"pip-audit: no known hole in {len(known)} libraries{beside}"


def _holes(library: dict[str, Any]) -> list[str]:
    return [
        f"{library['name']} {library['version']}: {each['id']}, "
        f"mended in {', '.join(each.get('fix_versions', [])) or 'no version yet'}"
        for each in library.get("vulns", [])
    ]


def _not_run(why: str) -> str:
    return f"pip-audit: NOT RUN, {why}"


def main() -> int:
    try:
        done = subprocess.run(_COMMAND, capture_output=True, text=True, timeout=_LONGEST)
        code, told = decide(done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        code, told = 0, _not_run(f"its feed did not answer within {_LONGEST} seconds")
    print(told)
    return code


if __name__ == "__main__":
    sys.exit(main())
