from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from attrs import evolve, field, frozen

from booking_core.domain.account import SignIn
from booking_core.domain.actor import Role
from booking_core.domain.contact import Contact
from booking_core.domain.errors import InvalidRequest
from booking_core.domain.language import Language
from booking_core.ports.health import Health


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
        try:
            contact = Contact.unnamed(self.email, None, self._known_language)
        except InvalidRequest:
            return None
        for said in ({"name": self.name}, {"timezone": self.timezone}):
            contact = _if_usable(contact, said)
        return contact

    @property
    def _known_language(self) -> Language | None:
        """`de-AT` is German; a language that nothing is written in is none."""
        wanted = (self.language or "").partition("-")[0].lower()
        return Language(wanted) if wanted in set(Language) else None

    @property
    def proves(self) -> Contact | None:
        """The contact whose address the issuer vouches for."""
        return self.contact if self.email_verified else None


def _if_usable(contact: Contact, said: Mapping[str, Any]) -> Contact:
    """The contact with what is said of it; without, where that says nothing or cannot be used."""
    if not all(said.values()):
        return contact
    try:
        return evolve(contact, **said)
    except InvalidRequest:
        return contact


class ProofReader(Protocol):
    """Checks the bearer tokens of an identity provider. Nothing but the token is believed."""

    @abstractmethod
    def read(self, *, token: str) -> Proof:
        """What the token proves.

        Raises:
            InvalidCredentials: it is malformed, forged, expired, or for somebody else.
            ProviderFailed: that cannot be known, because the provider does not answer.
        """

    @abstractmethod
    def health(self) -> Health:
        """Whether the provider tells what its tokens are checked by; it is asked. Raises nothing."""
