"""Bearer tokens of an identity provider: JWTs, checked by the keys that it publishes (JWKS)."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.jwks_tokens.download import Download, check_address
from adapters.jwks_tokens.keys import KeyRing
from adapters.jwks_tokens.reader import JwksTokens
from booking_core import Clock

__all__ = ["JwksTokens", "build"]

_NEEDED = ("JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE")
_ROLES = "JWT_ROLES_CLAIM"


def build(*, settings: Mapping[str, str], clock: Clock) -> JwksTokens | None:
    """The reader that these settings describe; None without any of them.

    Raises:
        ValueError: `NAME: what to do`, for one that is missing or cannot be used.
    """
    given = {name: settings.get(name, "").strip() for name in (*_NEEDED, _ROLES)}
    if not any(given.values()):
        return None
    for name in _NEEDED:
        if not given[name]:
            raise ValueError(f"{name}: is missing; give {', '.join(_NEEDED)}, or none of them.")
    url, issuer, audience = (given[name] for name in _NEEDED)
    check_address(url)
    return JwksTokens(KeyRing(Download(url), clock), issuer, audience, clock, given[_ROLES])
