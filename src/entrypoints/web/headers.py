"""What browsers are told about every answer: what it may load, where it may be shown, who may keep it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.routing import RequestRedirect
from werkzeug.urls import iri_to_uri

_YEAR = 365 * 24 * 60 * 60  # seconds
_NOT_USED = (
    "camera", "display-capture", "geolocation", "microphone", "midi", "payment",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb",
)  # fmt: skip
_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: under that, browsers send our own forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{each}=()" for each in _NOT_USED),
    "Cross-Origin-Opener-Policy": "same-origin",
}
_BASE = "base-uri 'none'; frame-ancestors"
_NOBODY = "'none'"
_NOWHERE = f"{_BASE} {_NOBODY}"
# What is no page loads nothing, wherever somebody opens it.
_DATA = f"default-src 'none'; form-action 'none'; {_NOWHERE}"
_LOOKS = "default-src 'none'; img-src 'self' data:"
_PAGE = f"{_LOOKS}; {_NOWHERE}"
_DOCS = ("docs", "swagger.swagger")


def guard(app: Flask, public_url: str) -> None:
    """Sets the headers of every answer, refusals and failures included."""
    everywhere = dict(_EVERYWHERE)
    if public_url.startswith("https:"):
        everywhere["Strict-Transport-Security"] = f"max-age={_YEAR}"
    ours = _origin(public_url)

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.update(everywhere)
        response.headers["Cross-Origin-Resource-Policy"] = g.get("loaded_by", "same-origin")
        response.headers["Content-Security-Policy"] = _policy(response, ours)
        response.headers.setdefault("Cache-Control", "no-store")  # a file says how long it is kept
        if isinstance(request.routing_exception, RequestRedirect):
            response.headers["Location"] = _path(response.headers["Location"])
        return response

    app.add_template_global(nonce)


def nonce() -> str:
    """What marks a script as ours: another value for each answer, and none where no script is."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    value: str = g.nonce
    return value


def let_scripts_read() -> None:
    """The scripts of this page may ask for other pages of ours."""
    g.scripts_read = True


def let_frame(sites: Sequence[str]) -> None:
    """Pages of these origins may show this page within theirs."""
    g.framed_by = " ".join(sites) or _NOBODY


def framed() -> bool:
    """Whether this page is made for a page of another site."""
    return "framed_by" in g


def let_others_load() -> None:
    """This file is for the pages of other sites."""
    g.loaded_by = "cross-origin"


def show_within(origin: str) -> None:
    """This page shows one of that origin within itself."""
    g.shows_within = origin


def _policy(response: Response, ours: str) -> str:
    if response.mimetype != "text/html":
        return _DATA
    if request.endpoint in _DOCS:
        own = f"'nonce-{nonce()}'"
        return (
            f"{_PAGE}; style-src 'self' {own}; connect-src 'self'; form-action 'none'; "
            f"script-src {own}"
        )
    # Chromium asks of each address that a form leads to, redirects included: a provider's checkout
    # that is served here sends its client back to the public address, whatever it was opened under.
    scripts = f"; script-src 'nonce-{g.nonce}'" if "nonce" in g else ""
    reads = "; connect-src 'self'" if "scripts_read" in g else ""
    within = f"; frame-src {g.shows_within}" if "shows_within" in g else ""
    page = f"{_LOOKS}; {_BASE} {g.get('framed_by', _NOBODY)}"
    return f"{page}; style-src 'self'; form-action 'self' {ours}{scripts}{reads}{within}"


def _origin(url: str) -> str:
    parts = urlsplit(iri_to_uri(url))  # a header is ASCII, whatever letters a host has
    return f"{parts.scheme}://{parts.netloc}"


def _path(url: str) -> str:
    """Without the host: the router repeats the one that the request names, which may be forged."""
    return urlsplit(url)._replace(scheme="", netloc="").geturl()
