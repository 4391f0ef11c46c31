"""Calendly names everything by a full URI; ours carry its real host, wherever we are served."""

from __future__ import annotations

from urllib.parse import urlsplit

API = "https://api.calendly.com"


def id_in(uri: object, kind: str) -> str | None:
    """The id in `…/<kind>/<id>`; nothing when that is not what the URI names."""
    if not isinstance(uri, str):
        return None
    *_, named, found = ["", "", *urlsplit(uri).path.strip("/").split("/")]
    return found if named == kind and found else None
