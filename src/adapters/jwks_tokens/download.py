from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any

import httpx
from attrs import field, frozen
from joserfc.jwk import ECKey, OKPKey, RSAKey

Key = RSAKey | ECKey | OKPKey

_KINDS: Mapping[object, type[Key]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_SHORTEST_RSA = 2048  # bits
_TIMEOUT = httpx.Timeout(3)
_LONGEST_ANSWER = 5.0  # seconds; the timeout of httpx begins anew with each piece that arrives
_LARGEST_ANSWER = 256 * 1024  # bytes
#: Not compressed: a few bytes could become more than there is room for.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_log = logging.getLogger("booking.identity")


class KeysUnavailable(Exception):
    """The provider did not tell its keys; the message has no part of its answer."""


def check_address(url: str) -> None:
    """Raises ValueError unless whoever answers there proves who it is, or is this machine."""
    try:
        usable = _usable_address(httpx.URL(url))
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise ValueError("JWT_JWKS_URL: give an address that begins with https://.")


def _usable_address(url: httpx.URL) -> bool:
    if not url.host or url.userinfo or url.fragment:
        return False
    return url.scheme == "https" or (url.scheme == "http" and _loopback(url.host))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@frozen
class Published:
    """The provider's public keys by their ids, and what time it was there, as far as it says."""

    keys: Mapping[str, Key]
    at: datetime | None


@frozen
class Download:
    """Gets the provider's public keys, by their ids."""

    url: str
    _http: httpx.Client = field(init=False, repr=False)

    @_http.default
    def _client(self) -> httpx.Client:
        # Without TLS no certificates are needed, and loading them takes its time.
        return httpx.Client(timeout=_TIMEOUT, verify=self.url.startswith("https:"))

    def __call__(self) -> Mapping[str, Key]:
        """Those that can be used to check signatures. Raises KeysUnavailable."""
        return self.published().keys

    def published(self) -> Published:
        """As above, with the time. Raises KeysUnavailable."""
        try:
            body, at = self._answer()
            found = dict(_signing(json.loads(body)["keys"]))
        except (httpx.HTTPError, ValueError, KeyError, TypeError, RecursionError) as broken:
            raise KeysUnavailable(type(broken).__name__) from None
        if not found:
            raise KeysUnavailable("no key that can be used")
        return Published(found, at)

    def _answer(self) -> tuple[bytes, datetime | None]:
        until, body = time.monotonic() + _LONGEST_ANSWER, b""
        with self._http.stream("GET", self.url, headers=_HEADERS) as answer:
            if answer.status_code != 200:
                raise KeysUnavailable(f"status {answer.status_code}")
            for piece in answer.iter_raw():
                body += piece
                if len(body) > _LARGEST_ANSWER:
                    raise KeysUnavailable("the answer is too large")
                if time.monotonic() > until:
                    raise KeysUnavailable("the answer takes too long")
        return body, _time_of(answer.headers)


def _time_of(headers: httpx.Headers) -> datetime | None:
    """When it was sent; a cache on the way says for how long it kept it."""
    try:
        sent = parsedate_to_datetime(headers["Date"]).astimezone(UTC)
        return sent + timedelta(seconds=int(headers.get("Age", 0)))
    except (KeyError, ValueError, OverflowError):
        return None


def _signing(listed: list[Any]) -> Iterator[tuple[str, Key]]:
    """What is no key for signatures is passed over: a set may hold what we do not know."""
    for each in listed:
        try:
            kid, key = each["kid"], _KINDS[each["kty"]].import_key(each)
            key.check_use("sig")
            weak = isinstance(key, RSAKey) and key.public_key.key_size < _SHORTEST_RSA
        except Exception as unusable:  # whatever is in there must not keep the others from us
            _log.debug("a key of the provider is passed over: %s", type(unusable).__name__)
            continue
        if isinstance(kid, str) and not weak:
            yield kid, key
