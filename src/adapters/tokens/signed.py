from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from attrs import field, frozen
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from booking_core import (
    Actor,
    Clock,
    Contact,
    Identity,
    InvalidCredentials,
    InvalidRequest,
    Role,
)

_ALGORITHM = "HS256"
_ISSUER = "booking-core"
_AUDIENCE = "booking-api"
_SIGNED_IN = (Role.CLIENT, Role.BUILDER, Role.ADMIN)
_CLOCK_SKEW = 30  # seconds


def _derived(secret: bytes) -> OctKey:
    # A key of its own for each purpose: a token can never stand in for something else.
    return OctKey.import_key(hmac.digest(secret, b"booking-core bearer token v1", hashlib.sha256))


@frozen
class SignedTokens(Identity):
    """Mints and reads bearer tokens; one algorithm, issuer and audience, and no others."""

    clock: Clock
    key: OctKey = field(converter=_derived, repr=False)

    def mint(
        self,
        *,
        role: Role,
        id: str,
        name: str = "",
        email: str = "",
        timezone: str | None = None,
        lifetime: timedelta = timedelta(hours=12),
    ) -> str:
        """A token that proves to be `role` with that id. Raises InvalidRequest for a wrong contact."""
        if role not in _SIGNED_IN:
            raise InvalidRequest("A token is for a client, a builder or an admin.")
        now = int(self.clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": id,
            "role": role.value,
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
        }
        if email:
            contact = Contact(name or email, email, timezone)
            claims |= {"name": contact.name, "email": contact.email}
            claims |= {"zoneinfo": contact.timezone} if contact.timezone else {}
        return jwt.encode({"alg": _ALGORITHM, "typ": "JWT"}, claims, self.key)

    def of_bearer(self, *, token: str) -> Actor:
        rules = jwt.JWTClaimsRegistry(
            now=int(self.clock.now().timestamp()),
            leeway=_CLOCK_SKEW,
            iss={"essential": True, "value": _ISSUER},
            aud={"essential": True, "value": _AUDIENCE},
            exp={"essential": True},
            sub={"essential": True},
            role={"essential": True, "values": [role.value for role in _SIGNED_IN]},
        )
        try:
            claims = jwt.decode(token, self.key, algorithms=[_ALGORITHM]).claims
            rules.validate(claims)
            return Actor(Role(claims["role"]), str(claims["sub"]), contact=_contact(claims))
        except (JoseError, ValueError, TypeError, KeyError, InvalidRequest) as wrong:
            raise InvalidCredentials("The token is not valid (any more); get a new one.") from wrong


def _contact(claims: dict[str, object]) -> Contact | None:
    if "email" not in claims:
        return None
    zone = claims.get("zoneinfo")
    return Contact(str(claims["name"]), str(claims["email"]), None if zone is None else str(zone))
