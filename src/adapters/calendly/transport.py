"""One call to Calendly: sent, retried where that is safe, logged without what it carries."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from copy import copy
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from secrets import token_hex
from typing import Any

import httpx
from attrs import field, frozen

from adapters.calendly.patience import at_most, worth_sending
from adapters.calendly.refusals import CalendlyError, Refusal, Unreachable, Unreadable
from adapters.calendly.tokens import Tokens
from booking_core import seconds_left

JSON = dict[str, Any]

CONNECTIONS = 8
_TIMEOUT = httpx.Timeout(10, connect=3)
_USER_AGENT = "booking-core (+https://pypi.org/project/booking-core)"
_PAUSES = (0.2, 0.6)  # seconds before the second and the third try
_LONGEST_PAUSE = 2.0
_LONGEST_WAIT = timedelta(days=1)  # as the longest limit there is
_LONGEST_ANSWER = 20.0  # seconds; the timeout of httpx begins anew with each piece that arrives
_LARGEST_ANSWER = 16 * 1024 * 1024  # bytes; a full page of events is a hundredth of it
_SECONDS = re.compile(r"\d+(\.\d+)?")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_log = logging.getLogger("booking.calendly")


@frozen
class _Request:
    """What is asked, however often it is sent; its id is for the log."""

    method: str
    path: str
    params: Mapping[str, str] | None
    body: JSON | None
    safe: bool
    id: str = field(factory=lambda: token_hex(6))


@frozen
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


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
            # None is kept: all tokens share the connections, and one's session is no other's.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # Without TLS no certificates are needed, and loading them takes its time.
            verify=httpx.URL(base_url).scheme != "http",
        )

    def with_tokens(self, tokens: Tokens) -> Transport:
        """The same connections, with somebody else's token."""
        other = copy(self)
        other._tokens = tokens
        return other

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
        asked = _Request(method, path, params, body, safe)
        attempt = 0
        while True:
            try:
                return self._once(asked)
            except CalendlyError as error:
                pause = _pause_before_retry(error, attempt, safe)
                if pause is None or not worth_sending(safe, after=pause):
                    raise
            _log.info("%s %s is tried again, request %s", method, path, asked.id)
            self._sleep(pause)
            attempt += 1

    def _once(self, asked: _Request) -> JSON:
        token = self._tokens.current()
        answer = self._send(asked, token)
        if answer.status == 401:  # nothing was done
            other = self._tokens.after_refusal(token)
            if other is not None:
                answer = self._send(asked, other)
        if answer.is_success:
            return _object(answer)
        body, wait = _object_or_none(answer), _wait(answer.headers)
        raise Refusal(answer.status, body, wait, advice=self._tokens.advice)

    def _send(self, asked: _Request, token: str) -> _Answer:
        if not worth_sending(asked.safe):
            raise Unreachable("no time left", sent=False)
        began, left = time.monotonic(), seconds_left()
        patience = math.inf if left is None else left
        try:
            with self._http.stream(
                asked.method,
                f"{self._base_url}{asked.path}",
                params=asked.params,
                json=asked.body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=at_most(left, self._http.timeout),
            ) as answering:
                read = _read(answering, until=began + min(_LONGEST_ANSWER, patience))
                answer = _Answer(answering.status_code, answering.headers, read)
        except (httpx.HTTPError, httpx.InvalidURL) as broken:
            name = type(broken).__name__
            _log.warning("%s %s: %s, request %s", asked.method, asked.path, name, asked.id)
            # What we may not send is quoted by its error, and that can be the token.
            cause = None if isinstance(broken, httpx.LocalProtocolError) else broken
            raise Unreachable(name, sent=not isinstance(broken, _NEVER_SENT)) from cause
        level = logging.INFO if answer.is_success else logging.WARNING
        took, theirs = 1000 * (time.monotonic() - began), _their_id(answer)
        line = "%s %s: %d in %.0f ms, request %s, theirs %s"
        told = (asked.method, asked.path, answer.status, took, asked.id, theirs)
        _log.log(level, line, *told)
        return answer


def _read(answering: httpx.Response, *, until: float) -> bytes:
    """The whole body. Raises httpx.HTTPError where it takes too long, or is too much."""
    read = bytearray()
    for piece in answering.iter_bytes():
        read += piece
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the answer does not end")
        if len(read) > _LARGEST_ANSWER:
            raise httpx.ReadError("the answer is too large")
    return bytes(read)


def _their_id(answer: _Answer) -> str:
    headers = answer.headers
    return str(headers.get("x-request-id") or headers.get("cf-ray") or "unknown")[:60]


def _pause_before_retry(error: CalendlyError, attempt: int, safe: bool) -> float | None:
    """Seconds to wait, or None when the error stands."""
    if attempt >= len(_PAUSES):
        return None
    pause = _PAUSES[attempt]
    if isinstance(error, Unreachable):
        return pause if safe or not error.outcome_unknown else None
    if not isinstance(error, Refusal):
        return None
    if error.status != 429 and not (error.status >= 500 and safe):
        return None
    asked = error.retry_after.total_seconds() if error.retry_after else pause
    return max(asked, pause) if asked <= _LONGEST_PAUSE else None


def _wait(headers: httpx.Headers) -> timedelta | None:
    """How long to wait: `X-RateLimit-Reset` is in seconds left, and of use only with nothing left."""
    told = _duration(headers.get("retry-after", ""))
    if told is None and headers.get("x-ratelimit-remaining") == "0":
        told = _duration(headers.get("x-ratelimit-reset", ""))
    return told


def _duration(text: str) -> timedelta | None:
    """Of seconds or of an HTTP date, at most `_LONGEST_WAIT`; None where it is neither."""
    if _SECONDS.fullmatch(text.strip()):
        return timedelta(seconds=min(float(text), _LONGEST_WAIT.total_seconds()))
    try:
        left = parsedate_to_datetime(text) - datetime.now(UTC)
    except (TypeError, ValueError, OverflowError):  # no date, or one without a zone
        return None
    return min(max(left, timedelta(0)), _LONGEST_WAIT)


def _object(answer: _Answer) -> JSON:
    if answer.status == 204:
        return {}
    found = _object_or_none(answer)
    if found is None:
        raise Unreadable(f"{answer.status} without a JSON object")
    return found


def _object_or_none(answer: _Answer) -> JSON | None:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
