"""Addresses that others give, and that are written into our own pages and headers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_USUAL_PORT = {"https": ":443", "http": ":80"}  # which browsers leave out
_HOST_AND_PORT = re.compile(r"([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:[0-9]+)?")
_IMAGE_FILE = re.compile(r"(/[^/?#]+)+\.(avif|gif|jpe?g|png|svg|webp)", re.IGNORECASE)
# Browsers leave tabs and line breaks out of an address, and read a backslash as a slash.
_PLAIN = re.compile(r"[^\s\\\x00-\x1f\x7f]+")


def origin(address: str) -> str | None:
    """Scheme, host and port of an https or http address, and nothing else; None if it is none.

    A host that is more than letters, digits, dots and hyphens could end the place it is written to.
    """
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("https", "http") or parts.port == 0:
            return None
    except ValueError:
        return None
    place = parts.netloc.lower().removesuffix(_USUAL_PORT[parts.scheme])
    return f"{parts.scheme}://{place}" if _HOST_AND_PORT.fullmatch(place) else None


def is_image(address: str) -> bool:
    """Whether it is an https address, or a path of our own site to the file of an image.

    Each visitor's browser asks for that path, as who it is signed in as; so it is that of no page.
    """
    if not _PLAIN.fullmatch(address):
        return False
    if address.startswith("https://"):
        return origin(address) is not None
    return _IMAGE_FILE.fullmatch(address) is not None
