from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from booking_core.application.access import Access
from booking_core.application.cashier import Cashier
from booking_core.application.catalogue import Offer
from booking_core.application.place_booking import BookingPlacer, Wish, details
from booking_core.application.repeats import IdempotencyKey, promised, scoped
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking, Flow, OwnReason
from booking_core.domain.contact import Contact
from booking_core.domain.errors import FieldError, InvalidRequest, SlotUnavailable
from booking_core.domain.ids import BookingId, PathwayId, SessionTypeId
from booking_core.domain.payment import PaymentStatus
from booking_core.domain.questions import Answer
from booking_core.domain.time import Slot
from booking_core.domain.transitions import BookingState
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class ConfirmBooking:
    """Books a slot in one call (C4), or brings the slot to a booking that waits for it (C2).

    A free session is confirmed at once, and so is one that is paid at the meeting. One that is paid
    online is AWAITING_PAYMENT: the address of the checkout is on its last attempt, as soon as the
    payment provider has answered. With a calendar of a provider the booking is CONFIRMING until that
    has answered.
    """

    placer: BookingPlacer
    access: Access
    cashier: Cashier
    settle_calendar: SettleCalendar

    def __call__(
        self,
        *,
        session_type_id: SessionTypeId,
        slot: Slot,
        actor: Actor,
        contact: Contact | None = None,
        guests: Sequence[str] | None = None,
        notes: str = "",
        answers: Sequence[Answer] = (),
        pathway: PathwayId | None = None,
        booking_id: BookingId | None = None,
        key: IdempotencyKey | str | None = None,
        remote_address: str | None = None,
    ) -> Booking:
        """The booking as it stands then.

        `contact` may be left out where the actor's credential says it; `guests` are the e-mail addresses
        of up to ten people who come along; `booking_id` names a booking of `initialize_booking` or
        `hold_slot`, whose guests stay where none are named here. A repeat under the same `key` changes
        nothing and gets the same answer. `remote_address` is the client's network address, where a door
        knows it; a digest of it is kept while the booking waits for its client.

        Raises:
            InvalidRequest: or one of its kinds, for what can never be booked.
            NotFound: no such session type or booking, or not for this caller.
            SignInRequired: the session type is for signed-in clients.
            SlotUnavailable: the slot is not open (any more); with alternatives.
            HoldExpired: the booking named by `booking_id` waited too long.
            KeyReused, KeyInProgress: the key stands for another request, or for one that runs.
            TooManyHolds: too many bookings wait for their client already.
            PaymentsUnavailable: the session costs money and no payments are set up, or the provider
                refused the checkout for good.
        """
        wish = Wish(
            session_type_id=session_type_id,
            actor=actor,
            contact=contact,
            guests=guests,
            notes=notes,
            answers=answers,
            pathway=pathway,
            remote_address=remote_address,
        )

        if booking_id is not None:
            with self.placer.keeper.unit_of_work(write=False) as uow:
                self.access.booking(uow, booking_id, actor)  # before a repeat is shown its answer

        def read(uow: UnitOfWork, offer: Offer) -> Booking:
            if booking_id is None:
                return self.placer.new(offer, wish, Flow.DIRECT)
            return self._waiting(uow, booking_id, offer, wish)

        begun: list[Booking] = []  # a repeat begins nothing

        def begin(uow: UnitOfWork, offer: Offer, booking: Booking) -> None:
            begun[:] = [booking]
            if booking_id is None:
                self.placer.hold(booking, slot)
            if booking.payment.status is PaymentStatus.DUE and not self.cashier.on_site:
                booking.check_slot(slot)
                self.cashier.begin(uow, booking, offer)
            else:
                booking.confirm(slot, now=self.placer.keeper.clock.now(), pay_on_site=True)

        email = contact.email if contact else None
        scope = scoped(key, "confirm", actor, email, (wish, slot, booking_id))
        placed = self.placer.place(
            wish, slot, key=scope, read=read, begin=begin, ignoring=booking_id
        )
        ours = bool(begun) and begun[0] is placed
        booking = self.settle_calendar.at_once(self.cashier.opened(placed), ours=ours)
        if booking.state is BookingState.FAILED:
            self.placer.keeper.refuse(self._lost(booking, slot), scope)
        return promised(placed, booking)

    def _lost(self, booking: Booking, slot: Slot) -> SlotUnavailable:
        if booking.cancel_reason == OwnReason.CALENDAR_REFUSED:  # and so it would any other time
            return SlotUnavailable("refused", _NOT_ACCEPTED)
        return self.placer.judge.lost(booking.session_type_id, slot)

    def _waiting(self, uow: UnitOfWork, booking_id: BookingId, offer: Offer, wish: Wish) -> Booking:
        """The booking that was begun before, with what the client says now on top of what it said then."""
        booking = self.access.booking(uow, booking_id, wish.actor)
        if booking.session_type_id != offer.session_type.id:
            message = "That booking is for another session type."
            raise InvalidRequest(message, [FieldError("/bookingId", message)])
        if wish.contact is not None:
            contact = wish.contact.within(offer.builder.timezone)
            booking.client = evolve(booking.client, contact=contact)
        said = booking.details
        known = {question.id for question in offer.session_type.questions}
        answers = {each.question_id: each for each in said.answers if each.question_id in known}
        whole = evolve(
            wish,
            notes=wish.notes or said.notes,
            pathway=wish.pathway or said.pathway,
            answers=_with(answers, wish.answers),
            guests=said.guests if wish.guests is None else wish.guests,
        )
        found = details(offer, whole, booking.client.contact)
        booking.details = evolve(found, location=said.location)
        return booking


_NOT_ACCEPTED = (
    "The builder's calendar does not accept this booking; ask the builder, or book another session."
)


def _with(before: Mapping[str, Answer], now: Sequence[Answer]) -> tuple[Answer, ...]:
    """What was answered before, as far as it is not answered anew."""
    again = {answer.question_id for answer in now}
    return (*(each for name, each in before.items() if name not in again), *now)
