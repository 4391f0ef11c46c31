"""A new booking from what the client said; the part that holding and confirming share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, field, frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.hold_judge import HoldJudge
from booking_core.application.keep import Keeper
from booking_core.application.slots import SlotJudge
from booking_core.domain.actor import Actor, Role
from booking_core.domain.booking import Booking, Details, Flow
from booking_core.domain.claims import Occupancy
from booking_core.domain.contact import Client, Contact
from booking_core.domain.errors import FieldError, InvalidRequest
from booking_core.domain.guests import check_guests
from booking_core.domain.ids import (
    BookingId,
    CalendarTag,
    ClientId,
    PathwayId,
    SessionTypeId,
)
from booking_core.domain.payment import Payment
from booking_core.domain.policies import hold_deadline
from booking_core.domain.questions import Answer, check_answers, check_number_to_call
from booking_core.domain.session_type import CalendarRef, SessionType
from booking_core.domain.texts import check_text
from booking_core.domain.time import Slot
from booking_core.domain.transitions import BookingState
from booking_core.ports.ids import IdFactory
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWork

_LONGEST_NOTES = 5_000


def _in_a_tuple(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    # The same answers in a list are the same request to an Idempotency-Key.
    return tuple(answers)


def _those_named(guests: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if guests is None else tuple(guests)


@frozen(kw_only=True)
class Wish:
    """What a client asks for, and from which network address, where a door knows that.

    A repeat may come from another one: it is no part of what is asked for. Where `guests` is None
    they were not spoken of, and those that were named before stay.
    """

    session_type_id: SessionTypeId
    actor: Actor
    contact: Contact | None = None
    notes: str = ""
    answers: Sequence[Answer] = field(default=(), converter=_in_a_tuple)
    pathway: PathwayId | None = None
    guests: Sequence[str] | None = field(default=None, converter=_those_named)
    remote_address: str | None = field(default=None, eq=False, repr=False)

    def client(self, timezone: str) -> Client:
        """Who books; `timezone` is for one who named none.

        Raises InvalidRequest when nobody said how to reach the client.
        """
        contact = self.contact or self.actor.contact
        if contact is None:
            message = "Say who books: name, e-mail address and time zone."
            raise InvalidRequest(message, [FieldError("/clientDetails", message)])
        own = self.actor.role is Role.CLIENT and self.actor.id is not None
        contact = contact.within(timezone)
        return Client(contact, ClientId(str(self.actor.id)) if own else None)


@frozen
class BookingPlacer:
    """Makes bookings, and runs what places them in the builder's time."""

    catalogue: Catalogue
    judge: SlotJudge
    keeper: Keeper
    holds: HoldJudge
    ids: IdFactory

    def offer(self, uow: UnitOfWork, wish: Wish, *, begun: bool = False) -> Offer:
        """What is booked; who holds a booking that was begun may end it without signing in again.

        Raises NotFound, SignInRequired (A4).
        """
        offer = self.catalogue.read(uow).offer(wish.session_type_id)
        asking = Actor.system() if begun else wish.actor
        self.catalogue.check_may_book(offer, asking)
        return offer

    def new(self, offer: Offer, wish: Wish, flow: Flow, *, answered: bool = True) -> Booking:
        """A booking that has not begun yet; the questions may wait for a later step.

        Raises InvalidAnswers, InvalidRequest.
        """
        session_type = offer.session_type
        client = wish.client(offer.builder.timezone)
        booking = Booking(
            id=BookingId(self.ids.new("bkg")),
            builder_id=session_type.builder_id,
            session_type_id=session_type.id,
            client=client,
            flow=flow,
            payment=Payment.of(session_type.price),
            terms=session_type.cancellation_policy,
            occupancy=occupancy(offer),
            tag=CalendarTag(self.ids.new("tag")),
            calendar_ref=_held_by(offer),
            created_at=self.keeper.clock.now(),
            details=details(offer, wish, client.contact, answered=answered),
            origin=self.holds.origin(wish.remote_address),
        )
        booking.by = wish.actor.name
        return booking

    def unbooked(self, offer: Offer, contact: Contact) -> Booking:
        """What would be a booking of that client; it is never kept."""
        wish = Wish(session_type_id=offer.session_type.id, actor=Actor.system(), contact=contact)
        return self.new(offer, wish, Flow.EVENT_FIRST, answered=False)

    def place(
        self,
        wish: Wish,
        slot: Slot,
        *,
        key: InboxKey | None,
        read: Callable[[UnitOfWork, Offer], Booking],
        begin: Callable[[UnitOfWork, Offer, Booking], None],
        ignoring: BookingId | None = None,
    ) -> Booking:
        """Keeps the booking that `read` answers, begun once the slot is found to be open.

        What can never be booked is refused by `read`, before anybody looks at the slot.

        Raises:
            SlotUnavailable: with open slots near it.
            TooManyHolds: it would wait for its client, as too many do.
        """

        begun = ignoring is not None

        def acceptable(uow: UnitOfWork) -> Offer:
            offer = self.offer(uow, wish, begun=begun)
            read(uow, offer)
            return offer

        def change(uow: UnitOfWork) -> Booking:
            offer = self.offer(uow, wish, begun=begun)
            self.keeper.end_overdue(uow, builder_id=offer.builder.id)
            booking = read(uow, offer)
            held = ignoring is not None and self._holds(uow, ignoring, slot)
            self.judge.check_within(uow, offer, slot, ignoring=ignoring, held=held)
            begin(uow, offer, booking)
            self.holds.check(uow, booking, wish.actor)
            return booking

        return self.keeper.once(
            change,
            key=key,
            before=lambda: self.judge.check_before(acceptable, slot, ignoring=ignoring),
            explain=lambda refused: self.judge.with_alternatives(
                wish.session_type_id, slot, refused
            ),
        )

    def _holds(self, uow: UnitOfWork, booking_id: BookingId, slot: Slot) -> bool:
        booking = uow.bookings.get(booking_id)
        now = self.keeper.clock.now()
        return (
            booking.state is BookingState.HELD and booking.slot == slot and not booking.overdue(now)
        )

    def hold(self, booking: Booking, slot: Slot) -> None:
        """Keeps `slot` for a new booking for a while (B5)."""
        booking.hold(slot, until=hold_deadline(self.keeper.clock.now()))


def details(offer: Offer, wish: Wish, contact: Contact, *, answered: bool = True) -> Details:
    """What the client said, once it is checked. Raises InvalidAnswers, InvalidRequest."""
    session_type = offer.session_type
    if len(wish.notes) > _LONGEST_NOTES:
        message = f"Notes have at most {_LONGEST_NOTES} characters."
        raise InvalidRequest(message, [FieldError("/notes", message)])
    check_text(wish.notes, "/notes")
    answers = check_answers(session_type.questions, wish.answers) if answered else ()
    if answered and session_type.calls_client:
        check_number_to_call(answers)
    return Details(
        location=session_type.location,
        pathway=_pathway(session_type, wish.pathway),
        answers=answers,
        notes=wish.notes,
        guests=check_guests(wish.guests or (), contact.email, offer.builder.email),
    )


def _held_by(offer: Offer) -> CalendarRef | None:
    """Where the booking's event will stand, whatever account its builder has later."""
    ref = offer.session_type.calendar_ref
    return ref and evolve(ref, account=offer.builder.calendar_account or "")


def occupancy(offer: Offer) -> Occupancy:
    """How much of the builder's time the session takes."""
    session_type = offer.session_type
    return Occupancy(
        timezone=offer.builder.timezone,
        buffer_before=session_type.buffer_before,
        buffer_after=session_type.buffer_after,
        capacity=session_type.capacity,
        daily_limit=session_type.daily_limit,
        notice=session_type.minimum_notice,
    )


def _pathway(session_type: SessionType, wanted: PathwayId | None) -> PathwayId | None:
    """The pathway of the booking; the only one of the session type needs not be named."""
    if wanted is None:
        return session_type.pathways[0] if len(session_type.pathways) == 1 else None
    if wanted not in session_type.pathways:
        message = "This session does not belong to that pathway."
        raise InvalidRequest(message, [FieldError("/pathway", message)])
    return wanted
