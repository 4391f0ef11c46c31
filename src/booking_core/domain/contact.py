"""How a client can be reached, and the client itself: known or anonymous."""

from __future__ import annotations

import re
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase

from attrs import evolve, field, frozen

from booking_core.domain.errors import FieldError, InvalidRequest, UnknownTimezone
from booking_core.domain.ids import ClientId
from booking_core.domain.language import Language
from booking_core.domain.texts import check_line
from booking_core.domain.time import zone

# Deliverability is proved by a mail that arrives, not by a pattern: only what can never be an
# address, or would break a mail header, is refused.
_EMAIL = re.compile(
    r"[^@\s<>\",;:\\()\[\]\x00-\x1f\x7f-\x9f]+@[^@\s<>\",;:\\()\[\]\x00-\x1f\x7f-\x9f]+"
    r"\.[^@\s<>\",;:\\()\[\].\x00-\x1f\x7f-\x9f]{2,}"
)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_LONGEST_EMAIL = 254
# A domain that never exists (RFC 2606).
_NOWHERE = "@erased.invalid"
_ERASED = "Erased"
_LONGEST_NAME = 200
_NO_ADDRESS = "Give an e-mail address such as ana@example.org."
_NOT_THERE = "Give an address that can be written to."


def one_line(text: str) -> str:
    """The text with every run of white space made one blank; none at the ends."""
    return " ".join(text.split())


def stripped(text: str) -> str:
    """The text without white space at its ends."""
    return text.strip()


def address_of(email: str) -> str:
    """The e-mail address as accounts are found by it: the case of A to Z makes no difference.

    Other letters stay as they are. Folding them would make one address of two that belong to
    different people, and the mail to the one would open the account of the other.
    """
    return email.strip().translate(_LOWER)


def problem_with_address(email: str) -> str | None:
    """What is wrong with an address that shall be written to, or None."""
    if not _is_address(email):
        return _NO_ADDRESS
    return _NOT_THERE if _is_nowhere(email) else None


def _is_address(email: str) -> bool:
    return len(email) <= _LONGEST_EMAIL and _EMAIL.fullmatch(email) is not None


def _is_nowhere(email: str) -> bool:
    return address_of(email).endswith(_NOWHERE)


def _invalid(name: str, detail: str) -> InvalidRequest:
    return InvalidRequest(detail, [FieldError(f"/clientDetails/{name}", detail)])


def _refusal(check: Callable[[Contact], None], contact: Contact) -> InvalidRequest | None:
    try:
        check(contact)
    except InvalidRequest as wrong:
        return wrong
    return None


def _name(contact: Contact) -> None:
    if not 1 <= len(contact.name) <= _LONGEST_NAME:
        raise _invalid("name", f"Give a name of 1 to {_LONGEST_NAME} characters.")
    check_line(contact.name, "/clientDetails/name")


def _email(contact: Contact) -> None:
    if not _is_address(contact.email):
        raise _invalid("email", _NO_ADDRESS)
    if contact.is_erased and contact.name != _ERASED:
        raise _invalid("email", _NOT_THERE)


def _zone(contact: Contact) -> None:
    try:
        if contact.timezone is not None:
            zone(contact.timezone)
    except UnknownTimezone as unknown:
        raise UnknownTimezone(unknown.name, "/clientDetails/timezone") from unknown


@frozen
class Contact:
    """Name, e-mail address (compared without case), IANA time zone and language of a client.

    Without a language the client is written to in the builder's; without a zone it gets the
    builder's when it books.
    """

    name: str = field(converter=one_line)
    email: str = field(converter=stripped)
    timezone: str | None = field(default=None)
    language: Language | None = None

    def __attrs_post_init__(self) -> None:
        """Raises InvalidRequest with all that is wrong at once."""
        wrong = [found for check in (_name, _email, _zone) if (found := _refusal(check, self))]
        if len(wrong) > 1:
            raise InvalidRequest(
                wrong[0].message, [field for each in wrong for field in each.errors]
            )
        if wrong:
            raise wrong[0]

    @classmethod
    def unnamed(
        cls, email: str, timezone: str | None = None, language: Language | None = None
    ) -> Contact:
        """Somebody of whom only the address is known; it is called by that."""
        return cls(email[:_LONGEST_NAME], email, timezone, language)

    @classmethod
    def erased(cls, mark: str) -> Contact:
        """What stands in the place of somebody who was erased: `mark` is not the person's."""
        return cls(_ERASED, f"erased-{mark}{_NOWHERE}", "UTC")

    @property
    def is_erased(self) -> bool:
        """It belongs to nobody any more, and no mail can reach it."""
        return _is_nowhere(self.email)

    @property
    def address(self) -> str:
        """The e-mail address as accounts are found by it (`address_of`)."""
        return address_of(self.email)

    def within(self, timezone: str) -> Contact:
        """The contact with that zone, where it has none of its own."""
        return self if self.timezone else evolve(self, timezone=timezone)

    def same_address(self, email: str) -> bool:
        """Whether both are one address, as accounts are found by it."""
        return self.address == address_of(email)


@frozen
class Client:
    """Who books: *known* has an id, *anonymous* has only a contact (and a manage token)."""

    contact: Contact
    id: ClientId | None = None

    @property
    def known(self) -> bool:
        return self.id is not None
