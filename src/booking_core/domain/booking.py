"""The booking: one client, one session type, one place in time.

The record says what we promised; calendar and money are *settled* to match it. A method is either
a command of ours, which is refused by name where the table has no row for it, or a fact that a
provider told us, which changes nothing where it is not news. What is learnt from a provider is
always its current state, so facts may arrive late, twice and in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import define, evolve, field, frozen

from booking_core.domain import events
from booking_core.domain.claims import Claim, Occupancy
from booking_core.domain.contact import Client, Contact
from booking_core.domain.errors import HoldExpired, WrongState
from booking_core.domain.events import BookingEvent, CheckoutAbandoned, PaymentFailed
from booking_core.domain.ids import (
    BookingId,
    BuilderId,
    CalendarTag,
    ClientId,
    PathwayId,
    SessionTypeId,
)
from booking_core.domain.money import Money
from booking_core.domain.payment import (
    UNSETTLED,
    Attempt,
    Checkout,
    Payment,
    PaymentAction,
    PaymentStatus,
)
from booking_core.domain.questions import Answer
from booking_core.domain.session_type import CalendarRef, Location, LocationKind
from booking_core.domain.terms import CancellationPolicy
from booking_core.domain.time import Slot
from booking_core.domain.transitions import EVENTS, STEPS, TRANSITIONS, Action, BookingState, Step


class Flow(StrEnum):
    """Who places the event in the calendar, and when."""

    DIRECT = "direct"  # we do, after the client confirmed and paid
    LINK = "link"  # the client does, through a link that it gets after paying
    EVENT_FIRST = "event_first"  # the client did, before there was a booking


class OwnReason(StrEnum):
    """Why we ended a booking ourselves: a `cancel_reason` that is put into the reader's words."""

    CAPTURE_REFUSED = "capture_refused"
    CHECKOUT_REFUSED = "checkout_refused"
    SLOT_TAKEN = "slot_taken"
    CALENDAR_REFUSED = "calendar_refused"
    CALENDAR_TOO_LATE = "calendar_too_late"


_IN_ENGLISH: Mapping[str, str] = {
    OwnReason.CAPTURE_REFUSED: "The payment could not be taken.",
    OwnReason.CHECKOUT_REFUSED: "The payment provider refused the checkout.",
    OwnReason.SLOT_TAKEN: "The time was gone before it could be booked.",
    OwnReason.CALENDAR_REFUSED: "The calendar does not accept this booking.",
    OwnReason.CALENDAR_TOO_LATE: "The calendar did not answer before the session was to begin.",
}


def in_english(reason: str) -> str:
    """A `cancel_reason` as it is told in English: what somebody wrote is left as it is."""
    return _IN_ENGLISH.get(reason, reason)


class Settle(StrEnum):
    """What has to be made to match the booking."""

    CALENDAR = "calendar"
    MONEY = "money"


@frozen
class CalendarEvent:
    """The provider's record of a booking: which account holds it, and how to find it again.

    `join_url` is where the session is joined, once the provider knows it.
    """

    account: str
    event_id: str
    event_uri: str
    invitee_uri: str | None = None
    join_url: str | None = None

    @property
    def place(self) -> str:
        """The address of the client's place in the event: no two bookings share one."""
        return self.invitee_uri or self.event_uri


@frozen(kw_only=True)
class Details:
    """What the client said about the session; `guests` are the addresses of those who come along."""

    location: Location = Location()
    pathway: PathwayId | None = None
    answers: tuple[Answer, ...] = ()
    notes: str = ""
    guests: tuple[str, ...] = ()


@define(kw_only=True)
class Booking:
    """The aggregate.

    `version` counts the saved changes (0: never saved) and guards against two writers;
    `token_version` is the live one of the manage token; `token_handed_over` says that it is not for
    whoever shows the event of an event-first booking, because somebody got it or it was revoked.
    `deadline` is when a booking that waits for the client ends. `terms` are those that were agreed,
    whatever the session type says later.
    `pending_slot` is where a reschedule shall lead, and `pending_occupancy` what was agreed for it.
    `calendar_ref` is the provider's event type that the event is, or will be, one of, with its account.
    `removed_places` are the events that we took away ourselves, each written down before, and those
    that were cancelled before the booking had its own; that the provider calls them cancelled is no
    news. `no_show_told` is what the provider last knew of it.
    `cancel_reason` is what somebody wrote, or an `OwnReason`.
    `origin` stands for the network address that the booking was asked for from (`OriginKey`), as long as
    it waits for its client.
    `unsettled` is drained when the booking is kept. `by` is who changes it (`Actor.name`), from where the
    caller was let in.
    """

    id: BookingId
    builder_id: BuilderId
    session_type_id: SessionTypeId
    client: Client
    flow: Flow
    payment: Payment
    terms: CancellationPolicy
    occupancy: Occupancy
    tag: CalendarTag
    calendar_ref: CalendarRef | None = None
    created_at: datetime
    details: Details = Details()
    state: BookingState = BookingState.NEW
    slot: Slot | None = None
    pending_slot: Slot | None = None
    pending_occupancy: Occupancy | None = None
    deadline: datetime | None = None
    event: CalendarEvent | None = None
    removed_places: frozenset[str] = frozenset()
    no_show_told: bool = False
    cancel_reason: str = ""
    token_version: int = 1
    token_handed_over: bool = False
    origin: str | None = None
    version: int = 0
    unsettled: set[Settle] = field(factory=set, eq=False)
    events: list[BookingEvent] = field(factory=list, eq=False)
    by: str = field(default="system", init=False, eq=False)

    # ---- what should be true ---------------------------------------------------------------------

    @property
    def step(self) -> Step:
        return STEPS[self.state]

    def slots(self) -> tuple[Slot, ...]:
        """The slot and the one that it shall move to, as far as there are any."""
        return tuple(slot for slot in (self.slot, self.pending_slot) if slot is not None)

    def occupancy_at(self, slot: Slot | None) -> Occupancy:
        """What was agreed for `slot`: another thing than today for the one that it shall move to."""
        pending = slot is not None and slot == self.pending_slot
        return self.pending_occupancy or self.occupancy if pending else self.occupancy

    @property
    def location(self) -> Location:
        """Where the session takes place: at the address that the provider made for it, if it did."""
        if self.event is not None and self.event.join_url:
            return Location(LocationKind.VIDEO, self.event.join_url)
        return self.details.location

    def expected_slots(self) -> tuple[Slot, ...]:
        """Where an event of ours should stand in the calendar."""
        if self.state.served or self.state is BookingState.CONFIRMING or self._waits_with_event:
            return self.slots()
        return ()

    @property
    def unfinished(self) -> tuple[Settle, ...]:
        """What a job has to settle again and again until it is done, should the last one be lost."""
        moving = self.state is BookingState.CONFIRMING or self.pending_slot is not None
        owing = bool(self.payment.attempts) and self.payment.status in UNSETTLED
        return (Settle.CALENDAR,) * moving + (Settle.MONEY,) * owing

    def money_due(self) -> int:
        """What the builder should hold of the accepted attempt, in minor units; others hold none."""
        return self.payment.to_keep if self.state.served or self.state.dead else 0

    @property
    def money_may_come(self) -> bool:
        """A checkout of it may be paid without our having heard of that, in time or too late."""
        late = self.state.dead and self.payment.accepted is None and bool(self.payment.attempts)
        return late or self.state is BookingState.AWAITING_PAYMENT

    def kept_by_terms(self, now: datetime) -> Money | None:
        """What the builder may keep when the client cancels now; None where nothing costs anything.

        Moving first is no way around the terms: what a cancellation would have cost then stays.
        """
        price = self.payment.price
        if price is None or self.slot is None:
            return None
        kept = self.terms.kept(price, start=self.slot.start, now=now)
        return Money(max(kept.amount, self.payment.least_kept), price.currency)

    def client_may_change(self, now: datetime) -> bool:
        """Whether the terms let the client cancel or move it now; until it is confirmed none forbid it."""
        if self.slot is None or self.state is not BookingState.CONFIRMED:
            return True
        return self.terms.client_may_change(start=self.slot.start, now=now)

    def claims(self) -> tuple[Claim, ...]:
        """The places in time that the booking keeps for itself while it is live, and once it was served.

        A session that is over early has still taken its time, and counts for its day (B3). While a
        reschedule is pending both places are claimed; where they overlap, as one.
        """
        if not (self.state.live or self.state.served):
            return ()
        return tuple(
            Claim(
                booking_id=self.id,
                builder_id=self.builder_id,
                session_type_id=self.session_type_id,
                slot=slot,
                occupancy=occupancy,
                held_until=self.deadline if self.lapses_by_itself else None,
            )
            for slot, occupancy in _merged(
                [(each, self.occupancy_at(each)) for each in self.slots()]
            )
        )

    @property
    def lapses_by_itself(self) -> bool:
        """Nobody has to be asked before the hold ends: no checkout was ever opened for it."""
        waits = self.state in (BookingState.HELD, BookingState.AWAITING_SCHEDULING)
        return waits and not self.payment.attempts

    @property
    def missed(self) -> bool:
        """The client did not come."""
        return self.state is BookingState.NO_SHOW

    def overdue(self, now: datetime) -> bool:
        return self.deadline is not None and self.deadline <= now

    @property
    def saleable_until(self) -> datetime | None:
        """From when on nobody can book the time of the booking any more: its start less the notice."""
        return self.slot.start - self.occupancy.notice if self.slot else None

    def came_too_late(self, now: datetime) -> bool:
        """The session that is still to be paid for would have begun; there is no use in its money.

        Where the event stood first the session takes place all the same.
        """
        waits = self.state is BookingState.AWAITING_PAYMENT and not self._waits_with_event
        return waits and self.slot is not None and self.slot.start <= now

    @property
    def _waits_with_event(self) -> bool:
        return self.state is BookingState.AWAITING_PAYMENT and self.flow is Flow.EVENT_FIRST

    @property
    def _has_event(self) -> bool:
        """An event of ours may stand at the provider, so what happens to it is news (rule facts_live)."""
        return self.state is BookingState.CONFIRMING or self._announced or self._waits_with_event

    @property
    def _announced(self) -> bool:
        """The client was told that the session takes place, and it was not said that they came."""
        return self.state in (BookingState.CONFIRMED, BookingState.NO_SHOW)

    # ---- moving ----------------------------------------------------------------------------------

    def _check(self, action: Action) -> tuple[BookingState, ...]:
        choices = TRANSITIONS.get((self.state, action), ())
        if not choices:
            raise WrongState(action, self.state)
        return choices

    def _move(
        self,
        action: Action,
        to: BookingState | None = None,
        told: Callable[[BookingId], BookingEvent] | None = None,
    ) -> None:
        """The one way in which the state changes; `to` chooses where the table leaves a choice.

        `told` says it more exactly than the action's own event.
        """
        choices = self._check(action)
        if to is not None and to not in choices:
            raise WrongState(action, self.state)
        self.state = choices[0] if to is None else to
        self.events.append((told or EVENTS[action])(self.id))

    def _wake(self, *what: Settle) -> None:
        self.unsettled.update(what)

    def _end(
        self,
        action: Action,
        to: BookingState,
        keep: int,
        told: type[BookingEvent] | None = None,
    ) -> None:
        """Ends the booking; at most `keep` minor units stay with the builder."""
        self._move(action, to, told)
        self.payment = self.payment.ended(keep)
        self._drop_pending()
        self.deadline = None
        self._wake(Settle.CALENDAR)
        if self.payment.attempts:
            self._wake(Settle.MONEY)

    # ---- beginnings ------------------------------------------------------------------------------

    def hold(self, slot: Slot, *, until: datetime) -> None:
        """We keep the slot for the client until a deadline."""
        self._move(Action.HOLD)
        self.slot, self.deadline = slot, until

    def offer_link(
        self, *, until: datetime, attempt: Attempt | None = None, pay_on_site: bool = False
    ) -> None:
        """The client may place the event itself; where a price is due online, after the money (D1)."""
        if self.payment.required and not pay_on_site:
            self._move(Action.OFFER_LINK, BookingState.AWAITING_PAYMENT)
            self._request(attempt)
        else:
            self._move(Action.OFFER_LINK, BookingState.AWAITING_SCHEDULING)
        self.deadline = until

    def record_event(
        self,
        slot: Slot,
        event: CalendarEvent,
        *,
        until: datetime,
        attempt: Attempt | None = None,
        pay_on_site: bool = False,
        by_mail: bool = False,
    ) -> None:
        """The client placed the event before there was a booking (C3).

        `by_mail` says that nobody is there who could be sent to pay.
        """
        if self.payment.required and not pay_on_site:
            told = events.EventToBePaid if by_mail else None
            self._move(Action.RECORD_EVENT, BookingState.AWAITING_PAYMENT, told)
            self._request(attempt)
            self.deadline = until
        else:
            self._move(Action.RECORD_EVENT, BookingState.CONFIRMED, events.EventAccepted)
        self.slot, self.event = slot, event

    def _request(self, attempt: Attempt | None) -> None:
        if attempt is None:
            raise WrongState(Action.START_PAYMENT, self.state)
        self.payment = self.payment.attempted(attempt)

    def _check_in_time(self, action: Action, now: datetime) -> None:
        if self.state is BookingState.EXPIRED or self.overdue(now):
            raise HoldExpired
        self._check(action)

    # ---- commands --------------------------------------------------------------------------------

    def start_payment(self, attempt: Attempt, *, now: datetime) -> None:
        """A checkout is asked for; again after the client turned back.

        Its end is the new deadline, or the start of the session where that comes first.
        """
        self._check_in_time(Action.START_PAYMENT, now)
        self._request(attempt)
        self._move(Action.START_PAYMENT)
        start = self.slot.start if self.slot else attempt.expires_at
        self.deadline = min(attempt.expires_at, start)

    def confirm(
        self, slot: Slot | None = None, *, now: datetime, pay_on_site: bool = False
    ) -> None:
        """The client's part is done. `slot` is brought here when the link was our own page."""
        self._check_in_time(Action.CONFIRM, now)
        if self.payment.status is PaymentStatus.DUE and not pay_on_site:
            raise WrongState(Action.CONFIRM, self.payment.status)
        self.check_slot(slot)
        slot = slot or self.slot
        if slot is None:
            raise WrongState(Action.CONFIRM, self.state)
        self._move(Action.CONFIRM)
        self.slot, self.deadline = slot, None
        self._wake(Settle.CALENDAR)

    def check_slot(self, slot: Slot | None) -> None:
        """Raises WrongState when the booking waits at another slot than that."""
        if slot is not None and self.slot not in (None, slot):
            raise WrongState(Action.RESCHEDULE, self.state)

    def expire(
        self,
        *,
        now: datetime,
        checkouts_closed: bool = False,
        told: type[CheckoutAbandoned] = CheckoutAbandoned,
    ) -> None:
        """The deadline passed.

        `checkouts_closed` says that the provider was asked and every attempt is known to be closed;
        without that a slot whose checkout could still be paid is never set free (rule all_closed).
        `told` is how it ends where a checkout was opened and none of them counts.
        """
        self._check(Action.EXPIRE)
        if not self.overdue(now) or (self.payment.attempts and not checkouts_closed):
            raise WrongState(Action.EXPIRE, self.state)
        how = told if self.payment.accepted is None else events.LinkUnused
        self._end(Action.EXPIRE, BookingState.EXPIRED, 0, how if self.payment.attempts else None)

    def cancel(
        self, *, keep: Money | None = None, reason: str = "", by_client: bool = False
    ) -> None:
        """Ends a live booking. `keep` is what the terms leave to the builder, once it was confirmed."""
        confirmed = self.state is BookingState.CONFIRMED
        promised = confirmed or self.state is BookingState.CONFIRMING
        kept = keep.amount if keep and confirmed else 0
        knows = by_client and not self.payment.has_come
        early = events.BookingReleased if knows else events.BookingCalledOff
        self._end(Action.CANCEL, BookingState.CANCELLED, kept, None if promised else early)
        self.cancel_reason = reason

    def reschedule(
        self, slot: Slot, occupancy: Occupancy, *, least_kept: Money | None = None
    ) -> None:
        """Asks for another slot; both are claimed until the calendar has answered.

        `least_kept` is what the terms leave to the builder at this moment, where the client asks.
        """
        self.check_may_reschedule()
        if least_kept is not None:
            self.payment = evolve(self.payment, least_kept=least_kept.amount)
        self._move(Action.RESCHEDULE)
        self.pending_slot, self.pending_occupancy = slot, occupancy
        self._wake(Settle.CALENDAR)

    def check_may_reschedule(self) -> None:
        """Raises WrongState unless the booking stands and no other reschedule is pending."""
        self._check(Action.RESCHEDULE)
        if self.pending_slot is not None:
            raise WrongState(Action.RESCHEDULE, "being rescheduled")

    def complete(self, *, now: datetime) -> None:
        """The session took place. Not before its start, and not while money waits to be captured."""
        self._after_start(Action.COMPLETE, now)

    def mark_no_show(self, *, now: datetime) -> None:
        """The client did not come; the provider is told."""
        self._after_start(Action.MARK_NO_SHOW, now)
        self._wake(Settle.CALENDAR)

    def _after_start(self, action: Action, now: datetime) -> None:
        self._check(action)
        if self.slot is None or now < self.slot.start:
            raise WrongState(action, "yet to begin")
        if self.payment.status is PaymentStatus.AUTHORISED:
            raise WrongState(action, self.payment.status)
        self._move(action)
        if self.pending_slot is not None:
            self._drop_pending()
            self._wake(Settle.CALENDAR)

    def undo_no_show(self) -> None:
        """The client had come after all; the provider is told."""
        self._move(Action.UNDO_NO_SHOW)
        self._wake(Settle.CALENDAR)

    def record_paid_on_site(self) -> None:
        """The builder took the money at the meeting."""
        self._check(Action.RECORD_PAID_ON_SITE)
        if self.payment.status is not PaymentStatus.DUE:
            raise WrongState(Action.RECORD_PAID_ON_SITE, self.payment.status)
        self.payment = evolve(self.payment.after(PaymentAction.PAY), taken=self.payment.paid_in)
        self._move(Action.RECORD_PAID_ON_SITE)

    def record_returned_on_site(self) -> None:
        """The builder gave back by hand what it may not keep.

        That is money that it took at the meeting, or what the client's bank did not take.
        """
        self._check(Action.RECORD_RETURNED_ON_SITE)
        payment = self.payment
        online = bool(payment.attempts)
        if payment.status is not PaymentStatus.REFUND_DUE or (online and not payment.sent_back):
            raise WrongState(Action.RECORD_RETURNED_ON_SITE, payment.status)
        if online:
            self.payment = payment.returned_by_hand()
            if self.payment == payment:  # what was sent back is settled; more is on its way
                raise WrongState(Action.RECORD_RETURNED_ON_SITE, payment.status)
            self._wake(Settle.MONEY)
        else:
            self.payment = evolve(
                payment.after(PaymentAction.REFUND), returned=payment.paid_in - payment.to_keep
            )
        amount = self.payment.returned - payment.returned
        self._move(
            Action.RECORD_RETURNED_ON_SITE, told=lambda id_: events.ReturnedOnSite(id_, amount)
        )

    def refund(self, amount: Money) -> None:
        """Gives `amount` back out of goodwill; it lowers what the builder may keep.

        Raises:
            InvalidRequest: it is nothing, more than is still there, or finer than can be paid out.
        """
        if not (self.state.served or self.state.dead):
            raise WrongState(PaymentAction.OWE_BACK, self.state)
        self.payment = self.payment.owing_back(amount)
        self.events.append(events.RefundRequested(self.id))
        if self.payment.attempts:
            self._wake(Settle.MONEY)

    def revoke_tokens(self) -> None:
        """Every manage token given out so far opens nothing any more; the next one goes by mail."""
        self.token_version += 1
        self.token_handed_over = True
        self.events.append(events.TokensRevoked(self.id))

    def claim(self, client_id: ClientId) -> None:
        """The booking is that client's from now on; its manage tokens go on working (C6)."""
        self.client = evolve(self.client, id=client_id)
        self.events.append(events.BookingClaimed(self.id))

    @property
    def needs_client(self) -> bool:
        """Something is left to do for which the client has to be known: a session, or its money.

        A checkout that we have not heard of is asked for again, word for word, to be closed.
        """
        payment = self.payment
        disputed = payment.status is PaymentStatus.DISPUTED
        moves = payment.on_its_way or payment.status in UNSETTLED or disputed
        unheard = any(not each.refused and each.checkout_id is None for each in payment.attempts)
        return self.state.live or moves or unheard

    def erase_client(self) -> None:
        """Forgets whose the booking is and all that the client said; what was booked and paid stays.

        Its manage tokens open nothing any more, and no new one is sent. What the providers call
        their records of it stays as well.

        Raises:
            WrongState: the client is still needed (`needs_client`).
        """
        if self.needs_client:
            raise WrongState("erase the client", self.state)
        self.client = Client(Contact.erased(self.id))
        self.details = Details(
            location=Location(self.details.location.kind), pathway=self.details.pathway
        )
        self.payment = self.payment.without_client(self.client.contact.email)
        if self.event is not None:
            self.event = evolve(self.event, join_url=None)
        if self.cancel_reason not in set(OwnReason):
            self.cancel_reason = ""
        self.token_version += 1
        self.token_handed_over = True

    # ---- facts about the money -------------------------------------------------------------------

    def payment_secured(
        self, attempt: int, action: PaymentAction, *, link_until: datetime | None = None
    ) -> bool:
        """Attempt `attempt` is authorised or paid. Returns whether that was news.

        `link_until` is the deadline for using the link, in the link flow.
        """
        if self.state is BookingState.AWAITING_PAYMENT:
            self._accept(attempt, action, link_until)
            return True
        if self.state.dead:
            return self._money_for_the_dead(attempt, action)
        return attempt != self.payment.accepted and self._wake_money()

    def money_taken(self, attempt: int, *, taken: int) -> bool:
        """What was authorised is taken; so whatever comes after that, it is recorded first.

        `taken` is what all attempts together brought in; less than the price where only that is kept.
        """
        authorised = self.payment.status is PaymentStatus.AUTHORISED
        if not authorised or attempt != self.payment.accepted:
            return False
        self.payment = evolve(self.payment.after(PaymentAction.PAY), taken=taken)
        return True

    def _accept(self, attempt: int, action: PaymentAction, link_until: datetime | None) -> None:
        self.payment = evolve(self.payment.after(action), accepted=attempt)
        if len(self.payment.attempts) > 1:
            self._wake(Settle.MONEY)
        if self.flow is Flow.LINK:
            waiting = BookingState.AWAITING_SCHEDULING
            self._move(Action.PAYMENT_SECURED, waiting, events.LinkPaidFor)
            self.deadline = link_until
        else:
            self._move(Action.PAYMENT_SECURED, BookingState.CONFIRMING)
            self.deadline = None
            self._wake(Settle.CALENDAR)

    def _money_for_the_dead(self, attempt: int, action: PaymentAction) -> bool:
        payment = self.payment
        accepted = attempt == payment.accepted
        if accepted and payment.to_keep > 0:
            return False
        if payment.accepted is not None and not accepted:
            return self._wake_money()
        if action is PaymentAction.AUTHORISE:
            if payment.status not in _LATE_AUTHORISED:
                return False
            self.payment = payment.after(action)
        elif payment.status in _LATE_PAID:
            self.payment = evolve(payment.after(action), to_keep=0)
        else:
            return not accepted and self._wake_money()
        return self._wake_money(news=True)

    def _wake_money(self, *, news: bool = False) -> bool:
        asleep = Settle.MONEY not in self.unsettled
        self._wake(Settle.MONEY)
        return news or asleep

    def payment_processing(self, *, until: datetime) -> bool:
        """The checkout is complete and the money is on its way, until the method's limit at most."""
        if self.state is not BookingState.AWAITING_PAYMENT:
            return False
        if self.payment.status is PaymentStatus.PROCESSING:
            return False
        self.payment = self.payment.after(PaymentAction.PROCESS)
        self._move(Action.PAYMENT_PROCESSING)
        self.deadline = until
        return True

    def payment_failed(self, told: type[PaymentFailed] = PaymentFailed) -> bool:
        """The money will not come, or is gone again; the slot is free again."""
        if self.state is not BookingState.AWAITING_PAYMENT:
            return False
        self.payment = self.payment.after(PaymentAction.FAIL)
        self._end(Action.PAYMENT_FAILED, BookingState.EXPIRED, keep=0, told=told)
        return True

    def capture_refused(self) -> bool:
        """The authorised money cannot be taken any more; a confirmed session falls with it."""
        if self.payment.status is not PaymentStatus.AUTHORISED:
            return False
        self.payment = evolve(self.payment.after(PaymentAction.DROP), to_keep=0)
        if self.state is BookingState.CONFIRMED:
            self._end(Action.CAPTURE_REFUSED, BookingState.CANCELLED, keep=0)
            self.cancel_reason = OwnReason.CAPTURE_REFUSED.value
        return True

    def money_settled(
        self, to: PaymentStatus, *, taken: int = 0, returned: int = 0, on_its_way: bool = False
    ) -> bool:
        """The provider holds what it should; `to` is what that makes of the payment.

        `taken` and `returned` are what all attempts together brought in and gave back; `on_its_way`
        says that more may arrive, although the booking has ended.
        """
        self.settled(Settle.MONEY)
        before = self.payment
        after = before if before.status is to else before.after(_RECORDED[to])
        self.payment = evolve(
            after, taken=taken, returned=returned, on_its_way=on_its_way, in_doubt=False
        )
        if returned > before.returned:
            unasked = to is PaymentStatus.REFUNDED and before.status in _NOTHING_ASKED_BACK
            told = events.RefundedElsewhere if unasked else events.MoneyGivenBack
            self.events.append(told(self.id, returned - before.returned))
        return self.payment != before

    def refunds_sent_back(self, keys: Collection[str], *, taken: int, returned: int) -> bool:
        """The client's bank did not take the refunds under these keys, so their money is still owed.

        What went back besides, since that was told, is told as well.
        While a bank still decides about the accepted money its status tells that.
        """
        before = self.payment
        owing = _OWING_AGAIN.get(before.status)
        self.payment = evolve(
            before if owing is None else before.after(owing),
            taken=taken,
            returned=returned,
            sent_back=tuple(sorted({*before.sent_back, *keys})),
        )
        if self.payment.sent_back != before.sent_back:
            self.events.append(events.RefundSentBack(self.id))
        elif returned > before.returned:
            self.events.append(events.MoneyGivenBack(self.id, returned - before.returned))
        return self.payment != before

    def checkout_opened(self, attempt: int, checkout: Checkout) -> bool:
        """The provider said where the client can pay."""
        return self._mark(attempt, checkout_id=checkout.id, checkout_url=checkout.url)

    def checkout_given_up(self) -> bool:
        """Nobody can pay: the time is free again, and both are told why."""
        self._end(Action.CANCEL, BookingState.CANCELLED, keep=0)
        self.cancel_reason = OwnReason.CHECKOUT_REFUSED.value
        return True

    def checkout_refused(self, attempt: int) -> bool:
        """The provider will never open that checkout."""
        return self._mark(attempt, refused=True)

    def _mark(self, number: int, **marks: Any) -> bool:
        marked = tuple(
            evolve(each, **marks) if each.number == number else each
            for each in self.payment.attempts
        )
        news = marked != self.payment.attempts
        self.payment = evolve(self.payment, attempts=marked)
        return news

    def refund_owed(self, total: int) -> bool:
        """Writes the next refund down before it is asked for; `total` has to be back after it."""
        self.payment = evolve(self.payment, refunds=(*self.payment.refunds, total))
        return True

    def refunds_struck_off(self, totals: tuple[int, ...]) -> bool:
        """What was sent back was given back otherwise: the ledger without it."""
        self.payment = evolve(self.payment, refunds=totals)
        return True

    def disputed(self, attempt: int) -> bool:
        if self.payment.accepted not in (None, attempt):
            return False
        return self._dispute(PaymentAction.DISPUTE, PaymentStatus.DISPUTED)

    def dispute_lost(self, attempt: int) -> bool:
        """The bank gave the money back: nothing is left to keep, or to give back."""
        if self.payment.accepted not in (None, attempt):
            return False
        news = self._dispute(PaymentAction.LOSE, PaymentStatus.REFUNDED)
        self.payment = evolve(self.payment, to_keep=0) if news else self.payment
        return news

    def dispute_won(self, *, more_to_give_back: bool) -> bool:
        if self.payment.status is not PaymentStatus.DISPUTED:
            return False
        to = PaymentStatus.REFUND_DUE if more_to_give_back else PaymentStatus.PAID
        self._dispute(PaymentAction.WIN, to)
        return self._wake_money(news=True)

    def _dispute(self, action: PaymentAction, to: PaymentStatus) -> bool:
        if self.payment.status is to:
            return False
        self.payment = self.payment.after(action, to)
        ended = action is not PaymentAction.DISPUTE
        self.events.append((events.DisputeEnded if ended else events.PaymentDisputed)(self.id))
        return True

    # ---- facts about the calendar ------------------------------------------------------------------

    def calendar_booked(self, event: CalendarEvent | None = None) -> bool:
        """The event stands at the slot; now authorised money may be captured."""
        if self.state is not BookingState.CONFIRMING:
            return False
        self._move(Action.CALENDAR_BOOKED)
        self.event = event or self.event
        self.settled(Settle.CALENDAR)
        self._capture_when_authorised()
        return True

    def calendar_refused(self, why: OwnReason = OwnReason.SLOT_TAKEN) -> bool:
        """The calendar will not take the session: the money goes back (D3)."""
        if self.state is not BookingState.CONFIRMING:
            return False
        self._end(Action.CALENDAR_REFUSED, BookingState.FAILED, keep=0)
        self.cancel_reason = why.value
        return True

    def link_needed(self, *, until: datetime) -> bool:
        """The account may not be booked directly: the client places the event by `until` (E2)."""
        if self.state is not BookingState.CONFIRMING:
            return False
        self._move(Action.LINK_NEEDED)
        self.flow, self.deadline = Flow.LINK, until
        return True

    def reschedule_booked(self, event: CalendarEvent | None = None) -> bool:
        """The event stands at the new slot; the old one has to go."""
        if self.state is not BookingState.CONFIRMED or self.pending_slot is None:
            return False
        self._stand_at(Action.RESCHEDULE_BOOKED, self.pending_slot)
        self.event = event or self.event
        return True

    def reschedule_refused(self) -> bool:
        """The old slot stays."""
        if self.state is not BookingState.CONFIRMED or self.pending_slot is None:
            return False
        self._move(Action.RESCHEDULE_REFUSED)
        self._drop_pending()
        return True

    def event_created(
        self, slot: Slot, event: CalendarEvent, guests: tuple[str, ...] | None = None
    ) -> bool:
        """The client used its link. An event that a live booking does not expect is removed.

        `guests` are those of the event, where the provider tells: there the client may have changed them.
        """
        if self.state is BookingState.AWAITING_SCHEDULING:
            self._move(Action.EVENT_CREATED)
            if guests is not None:
                self.details = evolve(self.details, guests=guests)
            self.slot, self.event, self.deadline = slot, event, None
            self._wake(Settle.CALENDAR)  # it may have been used more than once
            self._capture_when_authorised()
            return True
        return self.event_found(slot)

    def event_found(self, slot: Slot) -> bool:
        """An event of ours stands at `slot`; one that nobody expects wakes settling (rule extra_live)."""
        if slot in self.expected_slots() or Settle.CALENDAR in self.unsettled:
            return False
        self._wake(Settle.CALENDAR)
        return True

    def event_moved(
        self, was: Slot, slot: Slot, event: CalendarEvent, *, least_kept: Money | None = None
    ) -> bool:
        """Moved at the provider, and the provider wins.

        `least_kept` is what the terms leave to the builder at that moment, where the client moved it.
        """
        if not self._has_event or was not in self.slots() or was == slot:
            return False
        if least_kept is not None and self._announced:
            self.payment = evolve(self.payment, least_kept=least_kept.amount)
        self._stand_at(Action.EVENT_MOVED, slot, agreed_for=was)
        self.event = event
        self._wake(Settle.CALENDAR)
        return True

    def event_replaced(self, event: CalendarEvent) -> bool:
        """What the booking stands by has another address now, at the same time: it left and came back.

        Of that one the provider knows no no-show yet.
        """
        if self.event is None or self.slot not in self.expected_slots():
            return False
        self.event = evolve(event, join_url=self.event.join_url)
        self.no_show_told = False
        return True

    def event_cancelled(self, was: Slot, *, keep: Money | None = None) -> bool:
        """Cancelled at the provider, and the provider wins; `keep` is what the terms leave, if any."""
        if not self._has_event or was not in self.slots():
            return False
        kept = keep.amount if keep and self._announced else 0
        self._end(Action.EVENT_CANCELLED, BookingState.CANCELLED, kept)
        return True

    def removal_written_down(self, place: str) -> bool:
        """We are about to take that event away; written before, so that it is never taken for news."""
        self.removed_places |= {place}
        late = self.event is None or self.event.place != place
        if self.state.dead and late:
            self.events.append(events.LateEventRemoved(self.id))
        return True

    def join_link_known(self, join_url: str) -> bool:
        """The provider has made the address to join at; told once more where it came late."""
        if self.event is None or self.event.join_url == join_url:
            return False
        if self.client.contact.is_erased:
            return False
        self.event = evolve(self.event, join_url=join_url)
        if self.state is BookingState.CONFIRMED:
            self.events.append(events.JoinLinkArrived(self.id))
        return True

    def no_show_heard(self, no_show: bool, *, now: datetime) -> bool:
        """What the provider knows of it: its own news, or what we told it ourselves."""
        if no_show is self.no_show_told:
            return False
        started = self.slot is not None and self.slot.start <= now
        owed = self.payment.status is PaymentStatus.AUTHORISED
        if no_show and self.state is BookingState.CONFIRMED and started and not owed:
            self._after_start(Action.MARK_NO_SHOW, now)
        elif not no_show and self.state is BookingState.NO_SHOW:
            self._move(Action.UNDO_NO_SHOW)
        elif no_show is not self.missed:
            return False
        self.no_show_told = no_show
        return True

    def no_show_settled(self) -> bool:
        """The provider knows now whether the client came."""
        self.no_show_told = self.missed
        return True

    def settled(self, what: Settle) -> None:
        self.unsettled.discard(what)

    def _stand_at(self, action: Action, slot: Slot, *, agreed_for: Slot | None = None) -> None:
        """The event stands at `slot` and takes what was agreed for it, or for where it was moved from."""
        announced, left = self._announced, self.slot or slot
        event = events.BookingRescheduled if announced else events.MovedBeforeConfirmed
        self._move(action, told=lambda booking: event(booking, left))
        self.slot, self.occupancy = slot, self.occupancy_at(agreed_for or slot)
        self._drop_pending()

    def _drop_pending(self) -> None:
        self.pending_slot = self.pending_occupancy = None

    def _capture_when_authorised(self) -> None:
        if self.payment.status is PaymentStatus.AUTHORISED:
            self._wake(Settle.MONEY)


_LATE_AUTHORISED = (PaymentStatus.VOIDED, PaymentStatus.REFUNDED, PaymentStatus.FAILED)
_LATE_PAID = (PaymentStatus.VOIDED, PaymentStatus.FAILED)
# Money that goes back came late, or was thought to have gone back.
_OWING_AGAIN = {
    PaymentStatus.VOIDED: PaymentAction.PAY,
    PaymentStatus.FAILED: PaymentAction.PAY,
    PaymentStatus.PAID: PaymentAction.OWE_BACK,
    PaymentStatus.REFUNDED: PaymentAction.OWE_BACK,
}
# What came when nothing was booked for it is owed back as soon as we hear of it; of what nobody ever
# heard as paid, nothing was asked for.
_NOTHING_ASKED_BACK = (
    PaymentStatus.PAID,
    PaymentStatus.REFUNDED,
    PaymentStatus.FAILED,
    PaymentStatus.VOIDED,
)

# What is recorded of the money, and by which row of the payment's table.
_RECORDED = {
    PaymentStatus.PAID: PaymentAction.PAY,
    PaymentStatus.REFUNDED: PaymentAction.REFUND,
    PaymentStatus.VOIDED: PaymentAction.DROP,
    PaymentStatus.DISPUTED: PaymentAction.DISPUTE,
}


def _merged(places: Sequence[tuple[Slot, Occupancy]]) -> Sequence[tuple[Slot, Occupancy]]:
    """Two places as one where they, or their buffers, overlap: blocked times never do."""
    blocked = [slot.widened(around.buffer_before, around.buffer_after) for slot, around in places]
    if len(places) < 2 or not blocked[0].overlaps(blocked[1]):
        return places
    slots = [slot for slot, _ in places]
    whole = Slot(min(slot.start for slot in slots), max(slot.end for slot in slots))
    around = evolve(
        places[-1][1],
        buffer_before=whole.start - min(each.start for each in blocked),
        buffer_after=max(each.end for each in blocked) - whole.end,
    )
    return [(whole, around)]
