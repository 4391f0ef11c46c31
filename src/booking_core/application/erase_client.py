from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.application.held_data import HeldData, held_data, other_accounts
from booking_core.application.people import People
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import ClientNeeded
from booking_core.domain.ids import BookingId, ClientId
from booking_core.domain.policies import check_may_run_people
from booking_core.ports.unit_of_work import UnitOfWork


@frozen(kw_only=True)
class LeftAtProviders:
    """What providers hold of one booking, by their own names: only there can it be erased.

    `calendar` are the addresses of the event and of the client's place in it, `checkouts` the ids at
    the payment provider.
    """

    booking_id: BookingId
    calendar: tuple[str, ...]
    checkouts: tuple[str, ...]


@frozen(kw_only=True)
class Erasure:
    """What was erased: whether there was an account, and how many bookings, credentials and mails.

    `others` are accounts that may be the same person's and were left as they are: they say the
    address without a proof, or had one of the bookings.
    """

    account: bool
    bookings: int
    credentials: int
    mails: int
    left: Sequence[LeftAtProviders]
    others: tuple[ClientId, ...]


@frozen
class EraseClient:
    """Takes a person out of everything that is held; what was booked and paid stays (J4).

    All of it is one transaction, so it is done or not begun, and doing it again changes nothing. Who
    comes back later is somebody new.
    """

    people: People

    def __call__(
        self, *, actor: Actor, account_id: ClientId | None = None, email: str | None = None
    ) -> Erasure:
        """Erases the person named by account or by address; nothing happens where nothing is held.

        Raises:
            ClientNeeded: a booking is live, money is on its way, or the person has a role.
            NotFound: the caller is no operator.
            NotAllowed: for those who come with a key.
            InvalidRequest: not exactly one of both was given, or it is no address.
        """
        check_may_run_people(actor)

        def erase(uow: UnitOfWork) -> Erasure:
            held = held_data(uow, account_id=account_id, email=email)
            _check_not_needed(held)
            return self._erase(uow, held, actor)

        return self.people.once(erase)

    def _erase(self, uow: UnitOfWork, held: HeldData, actor: Actor) -> Erasure:
        others = other_accounts(uow, held)
        bookings = [each for each in held.bookings if not each.client.contact.is_erased]
        for booking in bookings:
            booking.erase_client()
            uow.bookings.save(booking)
        if held.account is not None:
            uow.accounts.remove(held.account)
        erased = Erasure(
            account=held.account is not None,
            bookings=len(bookings),
            credentials=uow.credentials.remove_of(account_id=held.account_id, email=held.email),
            mails=sum(uow.outbox.withdraw_mails(each.id) for each in bookings),
            left=[left for each in bookings if (left := _left(each))],
            others=others,
        )
        if erased.account or erased.bookings or erased.credentials:
            detail = {name: getattr(erased, name) for name in ("bookings", "credentials", "mails")}
            self.people.tell(uow, "client erased", held.subject, by=actor, **detail)
        return erased


def _check_not_needed(held: HeldData) -> None:
    reasons = [_why(booking) for booking in held.bookings if booking.needs_client]
    if held.account is not None and held.account.is_admin:
        reasons.append(f"account {held.account.id} is an admin: take that role away")
    if held.account is not None and held.account.builder_id is not None:
        reasons.append(f"account {held.account.id} is a builder: take that role away")
    if reasons:
        raise ClientNeeded(reasons)


def _why(booking: Booking) -> str:
    if booking.state.live:
        what = f"is {booking.state.lower()}: cancel it, or complete it once it has taken place"
        return f"booking {booking.id} {what}"
    if booking.payment.on_its_way:
        return f"the money of booking {booking.id} is on its way: wait for the bank's answer"
    status = booking.payment.status.lower().replace("_", " ")
    return f"the money of booking {booking.id} is not settled ({status}): see its timeline"


def _left(booking: Booking) -> LeftAtProviders | None:
    event = booking.event
    held = (event.event_uri, event.invitee_uri) if event else ()
    calendar = dict.fromkeys([*filter(None, held), *sorted(booking.removed_places)])
    checkouts = tuple(each.checkout_id for each in booking.payment.attempts if each.checkout_id)
    if not calendar and not checkouts:
        return None
    return LeftAtProviders(booking_id=booking.id, calendar=tuple(calendar), checkouts=checkouts)
