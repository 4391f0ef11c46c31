"""Forms count only when they were sent from our own pages (CSRF, ADR 16)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Flask, g, render_template, request, session
from flask_wtf.csrf import (  # type: ignore[import-untyped]
    CSRFError,
    CSRFProtect,
    generate_csrf,
)
from markupsafe import Markup
from werkzeug.exceptions import Forbidden

from entrypoints.web.cookies import named, on_https
from entrypoints.web.words import N_

if TYPE_CHECKING:
    from entrypoints.container import Application

TOKEN = "csrf_token"
_WAITS = "a form waits"
# Browsers leave tabs and line breaks out of an address, and read a backslash as a slash.
_OWN_PATH = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]{0,500}")


def guard(app: Flask, application: Application, pages: Blueprint) -> None:
    """Asks each form of those pages for the token that the browser got with it.

    The API needs none: it takes no cookie.
    """
    secure = on_https(application)
    key = application.settings.secret_key.encode()
    app.secret_key = hmac.digest(key, b"booking-core forms v1", hashlib.sha256)
    app.config.update(
        SESSION_COOKIE_NAME=named("forms", secure),
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # a token is good for as long as its cookie
        WTF_CSRF_SSL_STRICT=False,  # the origin says more than the referrer, and is always sent
        WTF_CSRF_FIELD_NAME=TOKEN,
    )
    pages.before_request(CSRFProtect(app).protect)
    app.register_error_handler(CSRFError, _once_more)
    app.add_template_global(_field, "form_token")


def from_elsewhere(application: Application) -> Callable[[], None]:
    """What refuses a form that another site has made."""
    ours = urlsplit(application.settings.public_url).netloc

    def refuse() -> None:
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin and _place(origin) not in (request.host, ours):
            raise Forbidden(N_("Send the form from its own page."))

    return refuse


def carry(token: str) -> None:
    """The forms of this answer carry that, and no token that is tied to a cookie."""
    g.form_token = token


def _field() -> Markup:
    token = g.get("form_token") or generate_csrf()
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN, token)


def _once_more(error: CSRFError) -> tuple[str, int]:
    """The same form with a new token and all that was typed; sending it is for the person to say."""
    return render_template("again.html", typed=typed()), error.code or 400


def typed() -> list[tuple[str, str]]:
    """All that the form says, for one that sends it again."""
    return [each for each in request.form.items(multi=True) if each[0] != TOKEN]


def wait() -> None:
    """One of our forms is shown that waits for whoever signs in next with this browser."""
    session[_WAITS] = True


def begin_anew() -> None:
    """Forms of before were somebody else's; but where one waits for this, its token stays good."""
    token = session.get(TOKEN) if session.get(_WAITS) else None
    session.clear()
    if token:
        session[TOKEN] = token


def _place(origin: str) -> str | None:
    """Host and port of an origin; None where it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def own_path(text: str | None) -> str | None:
    """The path, where it leads to nobody but us."""
    return text if text and _OWN_PATH.fullmatch(text) else None
