"""Where answers lead: to us, or to the checkout and the calendar that a provider told."""

from __future__ import annotations

import ast
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from entrypoints.web.forms import own_path

SOURCES = Path(__file__).parents[3] / "src"
#: What is not the address of one of our routes, and why it stays with us.
OTHERS = {
    "'/api/docs'",
    "before.return_url",  # of a checkout: made of PUBLIC_URL when that was begun
    "session.get('to') or url_for('pages.me')",  # own_path, when it was put there
}
HERE = "https://book.example.org/signin"


def led_to(source: str) -> list[ast.expr]:
    return [
        each.args[0]
        for each in ast.walk(ast.parse(source))
        if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "redirect"
    ]


def test_every_redirect_leads_to_a_route_or_is_known_here() -> None:
    sources = [each.read_text("utf-8") for each in SOURCES.rglob("*.py")]
    found = [to for each in sources if "redirect(" in each for to in led_to(each)]
    others = {ast.unparse(to) for to in found if not ast.unparse(to).startswith("url_for(")}
    assert others == OTHERS
    assert len(found) > len(others)


def test_nothing_sets_the_header_of_a_redirect_by_hand() -> None:
    files = [
        each for room in ("adapters", "entrypoints") for each in (SOURCES / room).rglob("*.py")
    ]
    by_hand = [each.name for each in files if '"Location"' in each.read_text("utf-8")]
    assert by_hand == ["headers.py"]  # which takes the host away


@pytest.mark.parametrize("path", ["/", "/me", "/b/demo/x?tz=Europe/Berlin&start=a#b", "/b/%2F%2F"])
def test_a_path_of_ours_is_one(path: str) -> None:
    assert own_path(path) == path


ELSEWHERE = (
    "https://evil.example/", "HTTPS:evil.example", "https:/evil.example", "//evil.example",
    "///evil.example", "//evil.example\\@book.example.org", "/\\evil.example", "\\\\evil.example",
    "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "\t//evil.example", " //evil.example", "/ /evil.example", "/\x00/evil.example",
    "/\x0b/evil.example", "/\x7f", "/\u2028/evil.example", "/\u00a0/evil.example",
    "/me\r\nLocation: https://evil.example", "javascript:alert(1)", "data:text/html,x",
    "book.example.org@evil.example", "evil.example", "?to=//evil.example", "#", "", None,
    "/" + "a" * 600,
)  # fmt: skip


@pytest.mark.parametrize("text", ELSEWHERE, ids=range(len(ELSEWHERE)))
def test_what_may_lead_to_others_is_none(text: str | None) -> None:
    assert own_path(text) is None


@pytest.mark.parametrize(
    "first", ["/", "\\", "\t", "\n", "\r", "\x00", " ", ".", "@", ":", "%", "a"]
)
@pytest.mark.parametrize("second", ["/", "\\", "\t", "\n", "\r", " ", ".", "@", "a"])
def test_whatever_a_path_begins_with_a_browser_stays_with_us(first: str, second: str) -> None:
    """As browsers read addresses: tabs and line breaks left out, a backslash for a slash."""
    path = own_path(f"/{first}{second}/evil.example") or "/"
    read = path.translate({9: None, 10: None, 13: None, 92: "/"}).strip()
    assert urlsplit(urljoin(HERE, read)).netloc == "book.example.org"
