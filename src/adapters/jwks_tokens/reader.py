from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from joserfc import jwt
from joserfc.errors import (
    InvalidHeaderValueError,
    InvalidPayloadError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import GuestProtocol
from joserfc.jws import JWSRegistry

from adapters.jwks_tokens.download import Download, Key, KeysUnavailable
from adapters.jwks_tokens.keys import KeyRing
from booking_core import Clock, Health, InvalidCredentials, Proof, ProofReader, Role

#: By a key pair, each of them. By a shared secret anybody could sign who knows the public key.
_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
#: A token that brings its own key, says where to get it, or asks for extensions, is none of ours.
_HEADERS = {"alg", "kid", "typ", "x5t", "x5t#S256"}
_TYPES = ("jwt", "at+jwt", "application/at+jwt")  # a notice that somebody signed out is a JWT too
_CLOCK_SKEW = 30  # seconds
_LONGEST_TOKEN = 16 * 1024
_LONGEST_SUBJECT = 255  # as OpenID Connect has it
_ROLES = {each.value: each for each in (Role.CLIENT, Role.BUILDER, Role.ADMIN)}
_WRONG = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class _Algorithms(JWSRegistry):
    """Ours and no others; without a warning for each token of those who write EdDSA for Ed25519."""

    def get_alg(self, name: str) -> Any:
        if name not in _ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


@frozen
class JwksTokens(ProofReader):
    """Reads the tokens of one issuer that are meant for one audience.

    `roles_claim` names the claim that says what somebody may be; without one the token does not say.
    """

    download: Download
    keys: KeyRing
    issuer: str
    audience: str
    clock: Clock
    roles_claim: str = ""

    def read(self, *, token: str) -> Proof:
        try:
            return self._proof(self._claims(token))
        except _WRONG:
            # Without its cause, which can hold what the token says.
            message = "The token is not valid (any more); sign in again."
            raise InvalidCredentials(message) from None

    def health(self) -> Health:
        try:
            published = self.download.published()
        except KeysUnavailable as failed:
            return Health(False, f"its keys cannot be had: {failed}")
        if published.at is not None:
            apart = abs(published.at - self.clock.now()).total_seconds()
            if apart > _CLOCK_SKEW:
                return Health(False, f"its clock is {apart:.0f} s from ours: tokens seem too old")
        found = f"{len(published.keys)} keys for tokens of {self.issuer} to {self.audience}"
        return Health(True, found)

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST_TOKEN:
            raise InvalidPayloadError
        claims = jwt.decode(token, self._key, registry=_Algorithms()).claims
        jwt.JWTClaimsRegistry(
            now=int(self.clock.now().timestamp()),
            leeway=_CLOCK_SKEW,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(claims)
        return claims

    def _key(self, signed: GuestProtocol) -> Key:
        """The key that the header names, once everything else in it is as it should be."""
        header = signed.headers()
        if header.keys() - _HEADERS or header.get("typ", "JWT").lower() not in _TYPES:
            raise InvalidHeaderValueError
        key = self.keys.key(header["kid"])
        key.check_alg(header["alg"])
        return key

    def _proof(self, claims: Mapping[str, Any]) -> Proof:
        subject = _text(claims, "sub")
        if subject is None or len(subject) > _LONGEST_SUBJECT:
            raise InvalidPayloadError
        return Proof(
            issuer=self.issuer,
            subject=subject,
            email=_text(claims, "email"),
            email_verified=claims.get("email_verified") is True,
            name=_text(claims, "name"),
            timezone=_text(claims, "zoneinfo"),
            language=_text(claims, "locale"),
            roles=_roles(claims, self.roles_claim) if self.roles_claim else None,
        )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """None as well for what no database can keep, and no person has."""
    value = claims.get(name)
    return value if isinstance(value, str) and value.isprintable() else None


def _roles(claims: Mapping[str, Any], name: str) -> frozenset[Role]:
    """The roles that we know among those that the issuer names, in a list or by one word."""
    said = claims.get(name)
    named = said if isinstance(said, list) else [said]
    return frozenset(_ROLES[each] for each in named if isinstance(each, str) and each in _ROLES)
