"""Bearer tokens of an identity provider: JWTs, checked by the keys that it publishes (JWKS)."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.jwks_tokens.download import Download, check_address
from adapters.jwks_tokens.keys import KeyRing
from adapters.jwks_tokens.reader import JwksTokens
from booking_core import Clock

__all__ = ["JwksTokens", "build"]


def build(*, settings: Mapping[str, str], clock: Clock) -> JwksTokens:
    """The reader that `JWT_JWKS_URL`, `JWT_ISSUER`, `JWT_AUDIENCE` and `JWT_ROLES_CLAIM` describe.

    Raises:
        ValueError: `NAME: what to do`, for one that cannot be used.
    """
    url = settings["JWT_JWKS_URL"]
    check_address(url)
    download = Download(url)
    return JwksTokens(
        download=download,
        keys=KeyRing(download, clock),
        issuer=settings["JWT_ISSUER"],
        audience=settings["JWT_AUDIENCE"],
        clock=clock,
        roles_claim=settings.get("JWT_ROLES_CLAIM", ""),
    )
