from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from attrs import field, frozen

from booking_core.domain.account import SignIn
from booking_core.domain.actor import Role
from booking_core.domain.contact import Contact, one_line
from booking_core.domain.errors import InvalidRequest
from booking_core.domain.language import Language


@frozen(kw_only=True)
class Proof:
    """What a checked bearer token of an identity provider says of a person.

    `roles` is what an issuer that is trusted with that says; None where it is not, and our own
    database decides.
    """

    issuer: str
    subject: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    email_verified: bool = False
    name: str | None = field(default=None, repr=False)
    timezone: str | None = None
    language: str | None = None
    roles: frozenset[Role] | None = None

    @property
    def sign_in(self) -> SignIn:
        return SignIn(self.issuer, self.subject)

    @property
    def contact(self) -> Contact | None:
        """The person's contact as far as the claims can be used; None without a usable address."""
        if self.email is None:
            return None
        language = Language(self.language) if self.language in set(Language) else None
        for name in filter(None, (one_line(self.name or ""), self.email)):
            for timezone in (self.timezone, None):
                try:
                    return Contact(name, self.email, timezone, language)
                except InvalidRequest:
                    continue
        return None

    @property
    def proves(self) -> Contact | None:
        """The contact whose address the issuer vouches for."""
        return self.contact if self.email_verified else None


class ProofReader(Protocol):
    """Checks the bearer tokens of an identity provider. Nothing but the token is believed."""

    @abstractmethod
    def read(self, *, token: str) -> Proof:
        """What the token proves.

        Raises:
            InvalidCredentials: it is malformed, forged, expired, or for somebody else.
        """
