"""Secrets that we gave out, each kept only as its digest (J2)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen

from booking_core.domain.actor import Actor, Role, Scope
from booking_core.domain.checks import invalid
from booking_core.domain.ids import ClientId, CredentialId
from booking_core.domain.texts import check_line

_BYTES = 32
_KEY_PREFIX = "bk_"
_LONGEST_NAME = 100


class CredentialKind(StrEnum):
    """What a secret is good for."""

    SIGN_IN_LINK = "sign in link"
    SESSION = "session"
    API_KEY = "api key"


@frozen(kw_only=True)
class Grant:
    """Whom a machine's key acts for, and what it may do; `name` is what its owner calls it."""

    role: Role
    id: str | None
    scopes: frozenset[Scope]
    name: str

    def __attrs_post_init__(self) -> None:
        if self.role not in (Role.BUILDER, Role.ADMIN):
            raise invalid("/role", "A key is a builder's or an admin's.")
        if not self.scopes:
            raise invalid("/scopes", f"Choose some of {', '.join(Scope)}.")
        if not 1 <= len(self.name) <= _LONGEST_NAME:
            raise invalid("/name", f"Give a name of 1 to {_LONGEST_NAME} characters.")
        check_line(self.name, "/name")

    @property
    def actor(self) -> Actor:
        return Actor(self.role, self.id, scopes=self.scopes)


@frozen(kw_only=True)
class Credential:
    """What we keep of a secret: its SHA-256 `digest`, and what it opens.

    A sign-in link has the `email` that it was sent to, a session its `account_id`, an API key its
    `grant`, and the `account_id` of who made it (None where that was an operator without one): the
    key ends with the account. `spent_at` is when the link was used, the session was ended or the key
    was revoked.
    """

    id: CredentialId
    kind: CredentialKind
    digest: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    account_id: ClientId | None = None
    grant: Grant | None = None
    created_at: datetime
    expires_at: datetime | None = None
    spent_at: datetime | None = None

    def usable(self, now: datetime) -> bool:
        """Whether it still opens something at that moment."""
        return self.spent_at is None and (self.expires_at is None or now < self.expires_at)

    def spent(self, now: datetime) -> Credential:
        """The credential that opens nothing any more."""
        return evolve(self, spent_at=now)


@frozen
class NewCredential:
    """A credential with its `secret`, which is shown this once and never again: empty for a repeat."""

    credential: Credential
    secret: str = field(repr=False)


def digest(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def new_secret(kind: CredentialKind) -> str:
    """A random secret; 43 characters that need no quoting, those of an API key behind `bk_`."""
    prefix = _KEY_PREFIX if kind is CredentialKind.API_KEY else ""
    return f"{prefix}{secrets.token_urlsafe(_BYTES)}"


def mint(kind: CredentialKind, secret: str | None = None, **said: Any) -> NewCredential:
    """A new credential, of a random secret unless one is given; `said` are its other attributes."""
    secret = secret or new_secret(kind)
    return NewCredential(Credential(kind=kind, digest=digest(secret), **said), secret)


@frozen
class LinkKey:
    """Makes the secrets of sign-in links; `secret` is the service's own (32 random bytes or more).

    The secret of a link is an HMAC over its id, as a manage token is: a mail that has to be tried
    again carries the same one, and neither the job nor the database has it.
    """

    secret: bytes = field(repr=False)

    def secret_of(self, credential_id: CredentialId) -> str:
        key = hmac.digest(self.secret, b"booking-core sign-in link v1", hashlib.sha256)
        mac = hmac.digest(key, credential_id.encode(), hashlib.sha256)
        return urlsafe_b64encode(mac).rstrip(b"=").decode()
