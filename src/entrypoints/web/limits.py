"""How often one client address may ask, by the class of the route; the one place that says so (J3)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from math import ceil
from threading import Event
from typing import TYPE_CHECKING

import structlog
from attrs import frozen
from flask import Flask, Response, request
from flask_limiter import Limit, Limiter, RateLimitExceeded
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from entrypoints.web import errors

if TYPE_CHECKING:
    from entrypoints.container import Application

_log = structlog.get_logger("booking.web")

_UNHEARD = (
    "X-Forwarded-For is not believed, because TRUSTED_PROXIES is 0: behind a proxy of yours everybody "
    "counts as one address. Set it to how many there are."
)


@frozen
class _Rate:
    """Requests a minute."""

    production: int
    development: int


_RATES = {
    "reading": _Rate(600, 6_000),
    # Reads all that is held about somebody, and writes that down; nobody needs it twice.
    "exporting": _Rate(5, 200),
    "booking": _Rate(60, 2_000),
    "signing in": _Rate(10, 200),
    # A provider that is refused gives our address up; its notices are cheap until they are proved.
    "webhooks": _Rate(6_000, 6_000),
    "the rest": _Rate(120, 2_000),
}
_READING = ("GET", "HEAD", "OPTIONS")
_EXPORTS = ("/me/export", "/api/me/export")
_WRITING = (
    (
        "booking",
        re.compile(r"/api/scheduling/(bookings|calendly/scheduling-link)|/bookings/|/b/|/embed/"),
    ),
    ("signing in", re.compile("/signin")),
    ("webhooks", re.compile("/api/webhooks/")),
)
#: Whoever watches the service asks as often as it likes.
EXEMPT = ("/healthz", "/readyz")
# Seconds, so that requests do not hang on a Redis that does not answer.
_PATIENCE = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25}


def guard(app: Flask, application: Application) -> None:
    """Knows callers by their address, through as many proxies as are ours, and counts what they ask."""
    settings = application.settings
    if proxies := settings.trusted_proxies:
        # Not their word for the host: few of them set it, and then it is the caller's own.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0
        )
    else:
        app.before_request(_telling_of_proxies())
    if settings.rate_limits == "off":
        return

    def whose() -> str:
        """Of the address nothing but a keyed digest gets into Redis or a log."""
        return application.core.origin_key.of(request.remote_addr or "")

    def most() -> str:
        rate = _RATES[_class()]
        return f"{rate.production if settings.production else rate.development}/minute"

    limiter = Limiter(
        whose,
        app=app,
        default_limits=[Limit(most, scope=lambda _: _class(), shared=True, exempt_when=_exempt)],
        storage_uri=settings.redis_url or "memory://",
        storage_options=_PATIENCE if settings.redis_url else {},  # type: ignore[arg-type]
        key_prefix="booking",
        in_memory_fallback_enabled=True,  # without its Redis each process counts for itself
        swallow_errors=True,
    )

    def refused(_: RateLimitExceeded) -> Response:
        limit = limiter.current_limit
        seconds = max(1, ceil(limit.window.reset_time - time.time())) if limit else 60
        detail = errors.TOO_OFTEN.format(seconds)
        answer = errors.problem(429, "rate_limited", "Too many requests", detail)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    app.register_error_handler(RateLimitExceeded, refused)


def _telling_of_proxies() -> Callable[[], None]:
    """Warns once, when a proxy seems to stand before us; it may be a caller's own word."""
    told = Event()

    def tell() -> None:
        if "X-Forwarded-For" in request.headers and not told.is_set():
            told.set()
            _log.warning(_UNHEARD)

    return tell


def _exempt() -> bool:
    return request.path in EXEMPT


def _sends(field: str) -> bool:
    """As the route asks; a form that cannot be read is refused after it was counted."""
    try:
        return field in request.form
    except HTTPException:
        return False


def _class() -> str:
    rule = str(request.url_rule)
    if request.method in _READING:
        return "exporting" if rule in _EXPORTS else "reading"
    if rule == "/signin" and _sends("link"):
        return "the rest"  # many behind one address were sent theirs at once
    if rule.startswith("/embed/") and _sends("booking"):
        return "reading"  # how it stands: the frame asks again and again
    return next((name for name, rules in _WRITING if rules.match(rule)), "the rest")
