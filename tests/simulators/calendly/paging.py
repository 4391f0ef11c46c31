"""Lists by pages: `count`, an opaque token that is bound to its filters, and the envelope."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from tests.simulators.calendly.refusals import Detail, invalid
from tests.simulators.calendly.shapes import JSON
from tests.simulators.calendly.switches import Switches
from tests.simulators.calendly.uris import API

Item = TypeVar("Item")


def page_of(
    items: Sequence[Item], path: str, query: Mapping[str, str], switches: Switches
) -> tuple[list[Item], JSON]:
    """The items of the page that was asked for, and its `pagination`."""
    count = _count(query.get("count", "20"))
    filters = {name: value for name, value in query.items() if name != "page_token"}
    start = _start(query.get("page_token"), filters)
    found = list(items[start : start + count])
    more, less = start + count < len(items), start > 0
    following = _token(start + count, filters) if more else None
    before = _token(max(start - count, 0), filters) if less else None
    pagination = {
        "count": len(found),
        "next_page": _url(path, filters, following),
        "previous_page": _url(path, filters, before),
        "next_page_token": following,
        "previous_page_token": before,
    }
    return found, {key: pagination[key] for key in switches.pagination}


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise invalid(Detail("count", "must be between 1 and 100"))
    return int(text)


def _mark(filters: Mapping[str, str]) -> str:
    return hashlib.sha256(urlencode(sorted(filters.items())).encode()).hexdigest()[:12]


def _token(start: int, filters: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(f"{start}.{_mark(filters)}".encode()).decode()


def _start(token: str | None, filters: Mapping[str, str]) -> int:
    if token is None:
        return 0
    try:
        start, mark = base64.urlsafe_b64decode(token).decode().split(".")
        if mark == _mark(filters):
            return int(start)
    except ValueError:
        pass
    raise invalid(Detail("page_token", "is invalid"))


def _url(path: str, filters: Mapping[str, str], token: str | None) -> str | None:
    return f"{API}{path}?{urlencode({**filters, 'page_token': token})}" if token else None
