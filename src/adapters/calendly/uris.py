"""Calendly names everything by a full URI; only the tail of one is ever believed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ID = r"([A-Za-z0-9_-]{1,100})"


def id_in(uri: object, kind: str) -> str | None:
    """The id in `…/<kind>/<id>`; None when that is not what the URI names."""
    found = _tail(uri, rf"/{kind}/{_ID}")
    return found[1] if found else None


def place_in(uri: object) -> tuple[str, str] | None:
    """The ids of event and invitee in `…/scheduled_events/<id>/invitees/<id>`."""
    found = _tail(uri, rf"/scheduled_events/{_ID}/invitees/{_ID}")
    return (found[1], found[2]) if found else None


def host_in(uri: str | None) -> str | None:
    """None where it names no host at all."""
    try:
        return urlsplit(uri or "").hostname
    except ValueError:
        return None


def _tail(uri: object, pattern: str) -> re.Match[str] | None:
    if not isinstance(uri, str) or len(uri) > 500:
        return None
    try:
        path = urlsplit(uri).path
    except ValueError:
        return None
    return re.search(rf"{pattern}/?\Z", path)
