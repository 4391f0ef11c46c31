from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from booking_core.domain.availability import OpenSlots
from booking_core.domain.booking import Booking, CalendarEvent
from booking_core.domain.builder import Builder
from booking_core.domain.calendar_steps import StandingEvent
from booking_core.domain.event_record import EventRecord
from booking_core.domain.event_type import EventType
from booking_core.domain.explanation import Explanation
from booking_core.domain.ids import BookingId
from booking_core.domain.session_type import SessionType
from booking_core.domain.time import Slot, TimeWindow
from booking_core.ports.health import Health
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class SchedulingLink:
    """Where a client can place the event itself; `expires_at` is the end of the link, if it has one.

    `tracking` are the marks in the address by which the event is joined to its booking (C5), under
    the provider's names for them: whoever shows the provider's page in another way passes them on.
    """

    url: str
    expires_at: datetime | None = None
    tracking: Mapping[str, str] = field(factory=dict)


class CalendarProvider(Protocol):
    """The judge of whether a slot is free.

    Every method may raise `ProviderFailed`. A calendar whose truth is our own database sets
    `in_database`; only such a one is called inside a unit of work, reads through the `uow` that it
    is given, and needs no settling. All others are given None and are called outside.

    One that sets `needs_event_type` can only book a session type that names an event type of its own.
    """

    in_database: bool
    needs_event_type: bool = False

    @abstractmethod
    def open_slots(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        window: TimeWindow,
        uow: UnitOfWork | None = None,
    ) -> OpenSlots:
        """The open slots that lie wholly inside `window`, in order."""

    @abstractmethod
    def next_start(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        after: datetime,
        uow: UnitOfWork | None = None,
    ) -> datetime | None:
        """The first opening at or after `after` within the horizon (B7)."""

    @abstractmethod
    def explain(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        start: datetime,
        ignoring: BookingId | None = None,
        uow: UnitOfWork | None = None,
    ) -> Explanation:
        """Why `start` is offered, or is not, when the booking `ignoring` gives its place up."""

    @abstractmethod
    def ensure_booked(self, *, booking: Booking, slot: Slot) -> CalendarEvent:
        """An event of this booking stands at `slot`; found by its tag first, so repeats are harmless.

        The provider invites the booking's guests and tells them of changes; we do so only where the
        calendar is in our own database.

        Raises:
            SlotUnavailable: the provider refuses for good.
            LinkNeeded: the account may not be booked directly; the client has to use a link.
        """

    @abstractmethod
    def ensure_absent(
        self, *, booking: Booking, slot: Slot, only: CalendarEvent | None = None
    ) -> None:
        """No event of this booking stands at `slot`; doing it twice is harmless.

        `only` is the one to take away where there is one too many.
        """

    @abstractmethod
    def scheduling_link(
        self, *, builder: Builder, session_type: SessionType, booking: Booking | None
    ) -> SchedulingLink:
        """A link under which the client of `booking` can choose a slot.

        Without a booking it is the public address of the session type, for anybody (C3).
        """

    @abstractmethod
    def events(self, *, booking: Booking) -> Sequence[StandingEvent]:
        """All events that carry the booking's tag, and its own one, moved and cancelled ones too.

        Those that we removed ourselves may be left out: the booking knows them. A moved event comes
        once for each slot that it stood at before, with the slot where it stands now.
        """

    @abstractmethod
    def find(self, *, event_uri: str, invitee_uri: str | None = None) -> EventRecord:
        """What stands under an address that somebody told us, read from the provider itself (C3).

        Raises:
            NotFound: nothing of an account of ours; or several clients, and none of them named.
            InvalidRequest: it is no address of the provider's.
        """

    @abstractmethod
    def records(self, *, builder: Builder, window: TimeWindow) -> Sequence[EventRecord]:
        """Everything of the builder that starts within `window`, by whomever it was booked (E5)."""

    @abstractmethod
    def event_types(self, *, builder: Builder) -> Sequence[EventType]:
        """What the provider has to offer for this builder, inactive ones too."""

    @abstractmethod
    def mark_no_show(self, *, booking: Booking) -> None:
        """Tells the provider that the client did not come; twice is harmless."""

    @abstractmethod
    def undo_no_show(self, *, booking: Booking) -> None:
        """Takes that back; twice is harmless."""

    @abstractmethod
    def health(self) -> Health:
        """Whether the provider can be used with the credentials that we have."""
