"""What is held about one person, found by an account or by an e-mail address (J4)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.domain.account import Account
from booking_core.domain.booking import Booking
from booking_core.domain.checks import invalid
from booking_core.domain.contact import Contact
from booking_core.domain.errors import InvalidRequest, NotFound
from booking_core.domain.ids import ClientId
from booking_core.domain.trail import Subject, SubjectKind
from booking_core.ports.repositories import MOST_BOOKINGS, BookingFilter
from booking_core.ports.unit_of_work import UnitOfWork


@frozen(kw_only=True)
class HeldData:
    """The person's account, and the bookings that are of the account or of the address.

    `email` is the address as far as it is the person's: one that an account only says, without
    holding it (`Account.address`), may be somebody else's.
    """

    account_id: ClientId | None
    email: str | None
    account: Account | None
    bookings: Sequence[Booking]

    @property
    def subject(self) -> Subject:
        """Whom the trail is told of. An id that is no account's may be an address, so it is not."""
        return Subject(SubjectKind.CLIENT, self.account.id if self.account else "anonymous")


def held_data(uow: UnitOfWork, *, account_id: ClientId | None, email: str | None) -> HeldData:
    """What there is, which may be nothing.

    Raises:
        InvalidRequest: not exactly one of both was given, or it is no address.
    """
    if (account_id is None) == (email is None):
        raise invalid("/account", "Name one person, by account or by e-mail address.")
    if email is not None:
        email = _checked(email)
        account = uow.accounts.by_email(email)
        account_id = account.id if account else None
    else:
        account = _account(uow, ClientId(str(account_id)))
        email = account.address if account else None
    return HeldData(
        account_id=account_id,
        email=email,
        account=account,
        bookings=_bookings(uow, account_id, email),
    )


def other_accounts(uow: UnitOfWork, held: HeldData) -> tuple[ClientId, ...]:
    """Whose accounts may be the same person's, and are not looked into: that is for a human to say.

    They say the address without a proof, or have a booking with it.
    """
    if held.email is None:
        return ()
    found = {each.id for each in uow.accounts.saying(held.email)}
    found |= {each.client.id for each in held.bookings if each.client.id is not None}
    return tuple(sorted(found - {held.account_id}))


def _checked(email: str) -> str:
    try:
        return Contact.unnamed(email).email
    except InvalidRequest:
        raise invalid("/email", "Give an e-mail address such as ana@example.org.") from None


def _account(uow: UnitOfWork, account_id: ClientId) -> Account | None:
    try:
        return uow.accounts.get(account_id)
    except NotFound:  # bookings may carry an id that a token said, and that is no account's
        return None


def _bookings(uow: UnitOfWork, account_id: ClientId | None, email: str | None) -> Sequence[Booking]:
    found: dict[str, Booking] = {}
    if email is not None:
        found |= {each.id: each for each in uow.bookings.of_address(email)}
    if account_id is not None:
        own = uow.bookings.find(BookingFilter(client_id=account_id, limit=MOST_BOOKINGS))
        found |= {each.id: each for each in own}
    return [found[booking_id] for booking_id in sorted(found)]
