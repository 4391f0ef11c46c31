from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from attrs import define, evolve, field

from booking_core.application.access import Access
from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import FieldError, InvalidRequest, ProviderFailed, WrongState
from booking_core.domain.ids import BookingId, SessionTypeId
from booking_core.domain.transitions import Action, BookingState
from booking_core.ports.calendar import CalendarProvider, SchedulingLink
from booking_core.ports.clock import Clock
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_MOST_KEPT = 1_000


@define
class OfferLink:
    """Where a client places the event itself: for its own booking that waits for one, or for anybody (E2).

    A link is kept for as long as its booking stays as it is, so that a page that is loaded again does
    not cost another one at the provider.
    """

    unit_of_work: UnitOfWorkFactory
    access: Access
    catalogue: Catalogue
    calendar: CalendarProvider
    clock: Clock
    _kept: OrderedDict[tuple[BookingId, int], SchedulingLink] = field(
        factory=OrderedDict, init=False
    )
    _lock: Lock = field(factory=Lock, init=False)

    def __call__(
        self,
        *,
        session_type_id: SessionTypeId | None = None,
        actor: Actor,
        booking_id: BookingId | None = None,
        key: IdempotencyKey | str | None = None,
    ) -> SchedulingLink:
        """The link of that booking, or the public address of the session type; one of them is named.

        Raises:
            NotFound: no such session type or booking, or not for this caller.
            SignInRequired: the session type is for signed-in clients.
            InvalidRequest: the booking is of another session type, or neither is named.
            WrongState: the booking does not wait for its time.
            KeyReused: the key stands for another request.
            ProviderFailed: the provider does not answer.
        """
        if session_type_id is None and booking_id is None:
            message = "Name the session type, or a booking that waits for its time."
            raise InvalidRequest(message, [FieldError("/sessionTypeId", message)])
        known_by = None if actor.manage_token else session_type_id
        self._check_key(scoped(key, "link", actor, known_by, (session_type_id, booking_id)))
        if booking_id is None:
            assert session_type_id is not None
            offer = self._offer(session_type_id)
            self.catalogue.check_may_book(offer, actor)
            return self._asked(offer, None)
        with self.unit_of_work(write=False) as uow:
            booking = self.access.booking(uow, booking_id, actor)
        if session_type_id not in (None, booking.session_type_id):
            message = "That booking is for another session type."
            raise InvalidRequest(message, [FieldError("/bookingId", message)])
        return self.of(booking)

    def of(self, booking: Booking) -> SchedulingLink:
        """The link of a booking that the caller has, good for as long as the booking waits.

        Raises WrongState; ProviderFailed.
        """
        if booking.state is not BookingState.AWAITING_SCHEDULING:
            raise WrongState(Action.OFFER_LINK, booking.state)
        place = (booking.id, booking.version)
        with self._lock:
            kept = self._kept.get(place)
        if kept is not None and (kept.expires_at is None or self.clock.now() < kept.expires_at):
            return kept
        link = self._asked(self._offer(booking.session_type_id), booking)
        ends = [each for each in (link.expires_at, booking.deadline) if each is not None]
        link = evolve(link, expires_at=min(ends, default=None))
        with self._lock:
            self._kept[place] = link
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return link

    def when_answered(self, booking: Booking) -> SchedulingLink | None:
        """The link, or None where the booking waits for none or the provider does not answer."""
        try:
            return self.of(booking)
        except (WrongState, ProviderFailed):
            return None

    def _asked(self, offer: Offer, booking: Booking | None) -> SchedulingLink:
        return self.calendar.scheduling_link(
            builder=offer.builder, session_type=offer.session_type, booking=booking
        )

    def _offer(self, session_type_id: SessionTypeId) -> Offer:
        with self.unit_of_work(write=False) as uow:
            return self.catalogue.read(uow).offer(session_type_id)

    def _check_key(self, key: InboxKey | None) -> None:
        """A link is like a secret and is not stored: a repeat is asked for it as the first one was."""
        if key is None:
            return
        with self.unit_of_work() as uow:
            if uow.inbox.open(key=key, now=self.clock.now()) is None:
                uow.inbox.answer(key=key, answer={})
                uow.commit()
