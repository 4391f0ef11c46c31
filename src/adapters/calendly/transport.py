"""One call to Calendly: sent, retried where that is safe, logged without what it carries."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from secrets import token_hex
from typing import Any

import httpx

from adapters.calendly.refusals import CalendlyError, Refusal, Unreachable, Unreadable
from adapters.calendly.tokens import Tokens

JSON = dict[str, Any]

CONNECTIONS = 8
_TIMEOUT = httpx.Timeout(10, connect=3)
_USER_AGENT = "booking-core (+https://pypi.org/project/booking-core)"
_PAUSES = (0.2, 0.6)  # seconds before the second and the third try
_LONGEST_PAUSE = 2.0
_LONGEST_WAIT = timedelta(days=1)  # as the longest limit there is
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_log = logging.getLogger("booking.calendly")


def _without_query(record: logging.LogRecord) -> bool:
    """Drops the query of the addresses that httpx logs: it holds the client's e-mail address."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            each.copy_with(query=None) if isinstance(each, httpx.URL) else each
            for each in record.args
        )
    return True


class Transport:
    """Speaks HTTP with the configured base and with nothing else; redirects are not followed.

    `safe` calls may be repeated after an answer that was lost; all others only when nothing was
    done: the connection never stood, or the limit refused them at once.
    """

    def __init__(
        self,
        base_url: str,
        tokens: Tokens,
        *,
        sleep: Callable[[float], None] = time.sleep,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> None:
        self._base_url, self._tokens, self._sleep = base_url, tokens, sleep
        logging.getLogger("httpx").addFilter(_without_query)
        self._http = httpx.Client(
            headers={"User-Agent": _USER_AGENT, "Accept": "application/json"},
            timeout=timeout,
            limits=httpx.Limits(max_connections=CONNECTIONS),
            follow_redirects=False,
            # Without TLS no certificates are needed, and loading them takes its time.
            verify=base_url.startswith("https:"),
        )

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JSON | None = None,
        safe: bool | None = None,
    ) -> JSON:
        """The JSON object that was answered. Raises CalendlyError."""
        safe = method in ("GET", "DELETE") if safe is None else safe
        request_id = token_hex(6)
        attempt = 0
        while True:
            try:
                return self._once(method, path, params, body, request_id)
            except CalendlyError as error:
                pause = _pause_before_retry(error, attempt, safe)
                if pause is None:
                    raise
            _log.info("%s %s is tried again, request %s", method, path, request_id)
            self._sleep(pause)
            attempt += 1

    def _once(
        self, method: str, path: str, params: Mapping[str, str] | None, body: JSON | None, ours: str
    ) -> JSON:
        token = self._tokens.current()
        answer = self._send(method, path, params, body, ours, token)
        if answer.status_code == 401:  # nothing was done
            other = self._tokens.after_refusal(token)
            if other is not None:
                answer = self._send(method, path, params, body, ours, other)
        if answer.is_success:
            return _object(answer)
        raise Refusal(answer.status_code, _object_or_none(answer), _wait(answer.headers))

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: JSON | None,
        ours: str,
        token: str,
    ) -> httpx.Response:
        began = time.monotonic()
        try:
            answer = self._http.request(
                method,
                f"{self._base_url}{path}",
                params=params,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as broken:
            name = type(broken).__name__
            _log.warning("%s %s: %s, request %s", method, path, name, ours)
            raise Unreachable(name, sent=not isinstance(broken, _NEVER_SENT)) from broken
        level = logging.DEBUG if answer.is_success else logging.WARNING
        took, theirs = 1000 * (time.monotonic() - began), _their_id(answer)
        line = "%s %s: %d in %.0f ms, request %s, theirs %s"
        _log.log(level, line, method, path, answer.status_code, took, ours, theirs)
        return answer


def _their_id(answer: httpx.Response) -> str:
    headers = answer.headers
    return str(headers.get("x-request-id") or headers.get("cf-ray") or "unknown")[:60]


def _pause_before_retry(error: CalendlyError, attempt: int, safe: bool) -> float | None:
    """Seconds to wait, or None when the error stands."""
    if attempt >= len(_PAUSES):
        return None
    pause = _PAUSES[attempt]
    if isinstance(error, Refusal) and error.status == 429:
        asked = error.retry_after.total_seconds() if error.retry_after else pause
        return max(asked, pause) if asked <= _LONGEST_PAUSE else None
    if isinstance(error, Unreachable):
        return pause if safe or not error.outcome_unknown else None
    failed = isinstance(error, Refusal) and error.status >= 500
    return pause if safe and failed else None


def _wait(headers: httpx.Headers) -> timedelta | None:
    """How long to wait: `X-RateLimit-Reset` is in seconds left, and of use only with nothing left."""
    told = headers.get("retry-after")
    if told is None and headers.get("x-ratelimit-remaining") == "0":
        told = headers.get("x-ratelimit-reset")
    if told is None or not told.strip().isdigit() or len(told) > 8:
        return None
    return min(timedelta(seconds=int(told)), _LONGEST_WAIT)


def _object(answer: httpx.Response) -> JSON:
    if answer.status_code == 204:
        return {}
    found = _object_or_none(answer)
    if found is None:
        raise Unreadable(f"{answer.status_code} without a JSON object")
    return found


def _object_or_none(answer: httpx.Response) -> JSON | None:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
