from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import evolve, frozen

from booking_core.application.access import Access
from booking_core.application.cashier import Cashier
from booking_core.application.catalogue import Offer
from booking_core.application.claim_booking import proved_address
from booking_core.application.join_event import EventJoiner
from booking_core.application.place_booking import BookingPlacer, Wish
from booking_core.application.read_job import read_job
from booking_core.application.repeats import IdempotencyKey, as_answer, promised, replayed, scoped
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.domain.actor import Actor, Role
from booking_core.domain.booking import Booking, Flow
from booking_core.domain.contact import Contact
from booking_core.domain.errors import (
    FieldError,
    InvalidRequest,
    NotAllowed,
    NotFound,
    WrongState,
)
from booking_core.domain.event_record import EventRecord
from booking_core.domain.ids import BookingId, ClientId, PathwayId, SessionTypeId
from booking_core.domain.policies import link_deadline
from booking_core.domain.questions import Answer, QuestionKind
from booking_core.domain.session_type import SessionType
from booking_core.domain.transitions import Action
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class Created:
    """The booking of an event, and what of it this caller may be given.

    Its manage token, and all of it: who only knows the event's address learns of the booking no more
    than its id, its state and its times.
    """

    booking: Booking
    hand_token_over: bool
    shown_whole: bool


@frozen
class CreateBooking:
    """Makes the booking of an event that the client placed at the provider (C3), or finds it.

    What stands there is read from the provider and never believed from the caller. Doing it again,
    or when a notice was faster, answers the same booking. Who names the client's own place in the
    event is taken for its client; a signed-in one whose address is the client's gets the booking.
    """

    unit_of_work: UnitOfWorkFactory
    placer: BookingPlacer
    cashier: Cashier
    joiner: EventJoiner
    settle_calendar: SettleCalendar
    access: Access

    def __call__(
        self,
        *,
        event_uri: str,
        actor: Actor,
        invitee_uri: str | None = None,
        session_type_id: SessionTypeId | None = None,
        booking_id: BookingId | None = None,
        pathway: PathwayId | None = None,
        key: IdempotencyKey | str | None = None,
    ) -> Created:
        """`booking_id` is a hint of the caller's; an unknown one counts for nothing.

        A repeat under the same `key` gets the same answer, the word about the token included.

        Raises:
            NotFound: no such event, or it is of no session type that the caller may book.
            SignInRequired: its session type is for signed-in clients.
            NotAllowed: it is, and the event is not seen to be that of the client who is signed in.
            InvalidRequest: the event is cancelled, or of another session type than said.
            WrongState: its booking has ended.
            KeyReused, KeyInProgress: the key stands for another request, or for one that runs.
            ProviderFailed: the provider does not answer.
        """
        said = (event_uri, invitee_uri, session_type_id, booking_id, pathway)
        scope = scoped(key, "create", actor, invitee_uri or event_uri, said)
        answered = self._answered(scope, actor)
        if answered is not None:
            return answered
        named = invitee_uri is not None
        record = self.placer.keeper.calendar.find(event_uri=event_uri, invitee_uri=invitee_uri)
        try:
            booking = self.from_record(
                record,
                actor=actor,
                named=named,
                session_type_id=session_type_id,
                booking_id=booking_id,
                pathway=pathway,
            )
        except NotAllowed:
            self._leave(record)
            raise
        if booking.state.dead:
            raise WrongState(Action.RECORD_EVENT, booking.state)
        booking = self.cashier.opened(booking)
        shows = named and booking.event is not None and booking.event.place == record.event.place
        return self._answer(booking, actor, shows, scope)

    def _leave(self, record: EventRecord) -> None:
        """The event stays where it is; its job tells the builder, should no notice do so."""
        event, keeper = record.event, self.placer.keeper
        keeper.put_job(read_job(event.event_uri, event.invitee_uri, keeper.clock.now()))

    def from_record(
        self,
        record: EventRecord,
        *,
        actor: Actor,
        named: bool = False,
        session_type_id: SessionTypeId | None = None,
        booking_id: BookingId | None = None,
        pathway: PathwayId | None = None,
    ) -> Booking:
        """The booking of what was read back; raises as the call itself.

        `named` says that the actor named the client's own place in the event.
        """
        with self.unit_of_work(write=False) as uow:
            found = self.joiner.find(uow, record, booking_id, actor)
        if found is not None:
            return self.settle_calendar.when_answered(self.joiner.join(found, record))

        def begin(uow: UnitOfWork) -> Booking:
            raced = self.joiner.find(uow, record)
            return raced or self._new(uow, record, actor, named, session_type_id, pathway)

        return self.placer.keeper.once(begin)

    def offered(self, record: EventRecord) -> Offer | None:
        """What of our catalogue the event is one of; None for what is no business of ours."""
        with self.unit_of_work(write=False) as uow:
            try:
                return self.placer.catalogue.read(uow).of_event_type(record.event_type_uri)
            except NotFound:
                return None

    def _new(
        self,
        uow: UnitOfWork,
        record: EventRecord,
        actor: Actor,
        named: bool,
        session_type_id: SessionTypeId | None,
        pathway: PathwayId | None,
    ) -> Booking:
        if record.cancelled:
            raise InvalidRequest("This event is cancelled; choose another time.")
        offer = self.placer.catalogue.read(uow).of_event_type(record.event_type_uri)
        if session_type_id not in (None, offer.session_type.id):
            message = "The event is of another session type."
            raise InvalidRequest(message, [FieldError("/sessionTypeId", message)])
        stranger = actor.role is Role.CLIENT and not (named and _is(uow, actor, record.contact))
        if stranger and offer.session_type.requires_auth:
            raise NotAllowed(_NOT_THEIRS)
        wish = Wish(
            session_type_id=offer.session_type.id,
            actor=Actor.anonymous() if stranger else actor,
            contact=record.contact,
            pathway=pathway,
        )
        offer = self.placer.offer(uow, wish)
        booking = self.placer.new(offer, wish, Flow.EVENT_FIRST, answered=False)
        answers = tuple(_answers(offer.session_type, record))
        booking.details = evolve(booking.details, answers=answers, guests=record.guests or ())
        return self._record(uow, booking, offer, record, by_mail=not named)

    def _record(
        self, uow: UnitOfWork, booking: Booking, offer: Offer, record: EventRecord, *, by_mail: bool
    ) -> Booking:
        """Where nobody is shown the checkout, its client is written to, and has time to read it."""
        until = link_deadline(self.placer.keeper.clock.now())
        if booking.payment.required and not self.cashier.on_site:
            attempt = self.cashier.attempt(booking, offer)
            until = min(until, record.slot.start) if by_mail else attempt.expires_at
            booking.record_event(
                record.slot,
                record.event,
                until=max(until, attempt.expires_at),
                attempt=attempt,
                by_mail=by_mail,
            )
            self.cashier.watch(uow, booking)
        else:
            booking.record_event(record.slot, record.event, until=until, pay_on_site=True)
        return booking

    # ---- what the caller is given ------------------------------------------------------------------

    def _answered(self, key: InboxKey | None, actor: Actor) -> Created | None:
        """What the caller was answered under this key before."""
        if key is None:
            return None
        with self.unit_of_work() as uow:
            stored = uow.inbox.open(key=key, now=self.placer.keeper.clock.now())
            created = None if stored is None else self._replayed(uow, stored, actor)
        if created is None:
            return None
        booking = created.booking
        return evolve(created, booking=promised(booking, self.cashier.opened(booking)))

    def _replayed(self, uow: UnitOfWork, stored: dict[str, Any], actor: Actor) -> Created:
        booking = replayed(uow, stored)
        whole = stored[_SHOWS] or self.access.takes_part(booking, actor)
        return Created(booking, stored[_TOKEN], whole)

    def _answer(self, booking: Booking, actor: Actor, shows: bool, key: InboxKey | None) -> Created:
        """`shows` says that the caller named the place that the booking stands by.

        A manage token is handed over once; after that its link goes by mail.
        """
        answer = Created(booking, False, shows or self.access.takes_part(booking, actor))
        if key is None and not (shows and self._is_due(booking, actor)):
            return answer

        def hand_over(uow: UnitOfWork) -> Booking:
            nonlocal answer
            stored = uow.inbox.open(key=key, now=self.placer.keeper.clock.now()) if key else None
            current = uow.bookings.get(booking.id)
            if stored is not None:
                answer = self._replayed(uow, stored, actor)
                return current
            if shows and _gets(uow, actor, current):
                current.client = evolve(current.client, id=ClientId(str(actor.id)))
            token = shows and _lacks_token(actor, current)
            current.token_handed_over |= token
            whole = shows or self.access.takes_part(current, actor)
            answer = Created(evolve(booking, client=current.client), token, whole)
            if key is not None:
                told = as_answer(booking) | {_TOKEN: token, _SHOWS: shows}
                uow.inbox.answer(key=key, answer=told)
            return current

        self.placer.keeper.once(hand_over)
        return answer

    def _is_due(self, booking: Booking, actor: Actor) -> bool:
        """Whether the caller gets the booking, or the token of it."""
        if not actor.signed_in:
            return _lacks_token(actor, booking)
        with self.unit_of_work(write=False) as uow:
            return _gets(uow, actor, booking)


def _is(uow: UnitOfWork, actor: Actor, contact: Contact) -> bool:
    """Whether it is the actor's address: proved, or said by a token that an operator gave out."""
    try:
        uow.accounts.get(ClientId(str(actor.id)))
    except NotFound:
        return actor.contact is not None and contact.same_address(actor.contact.email)
    return contact.address == proved_address(uow, actor)


def _gets(uow: UnitOfWork, actor: Actor, booking: Booking) -> bool:
    """The actor is the client of a booking that a notice was faster to make."""
    known = actor.role is Role.CLIENT and booking.client.id is None
    return known and _is(uow, actor, booking.client.contact)


def _lacks_token(actor: Actor, booking: Booking) -> bool:
    """Where the booking was begun here, its client was given the token then."""
    anonymous = not actor.signed_in and booking.client.id is None
    return anonymous and booking.flow is Flow.EVENT_FIRST and not booking.token_handed_over


def _answers(session_type: SessionType, record: EventRecord) -> Iterator[Answer]:
    """What the client answered at the provider, as far as it fits our questions."""
    told = dict(record.answers)
    for question in session_type.questions:
        text = told.get(question.prompt)
        if text is None:
            continue
        match question.kind:
            case QuestionKind.BOOLEAN:
                value: str | bool | tuple[str, ...] = text.strip().casefold() in _YES
            case QuestionKind.MULTIPLE_CHOICE:
                value = tuple(line for line in text.splitlines() if line.strip())
            case _:
                value = text
        yield Answer(question.id, value, question.prompt)


_TOKEN, _SHOWS = "hand_token_over", "shows"
_NOT_THEIRS = (
    "This session is for signed-in clients: name your own place in the event (its invitee URI), "
    "scheduled with the e-mail address of your account."
)
_YES = ("yes", "true", "ja", "1")
