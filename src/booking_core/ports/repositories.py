from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.contact import Client
from booking_core.domain.errors import FieldError, InvalidRequest
from booking_core.domain.ids import BookingId, BuilderId, CalendarTag, SessionTypeId
from booking_core.domain.session_type import SessionType
from booking_core.domain.transitions import BookingState

#: The most bookings that one call answers.
MOST_BOOKINGS = 10_000


class BuilderRepository(Protocol):
    """The builders."""

    @abstractmethod
    def get(self, builder_id: BuilderId) -> Builder:
        """Raises NotFound."""

    @abstractmethod
    def get_to_change(self, builder_id: BuilderId) -> Builder:
        """As `get`, and nobody else changes the catalogue until this unit of work has ended.

        What is read by `get` and saved undoes what somebody else saved in between.
        """

    @abstractmethod
    def all(self) -> Sequence[Builder]:
        """Every builder, inactive ones too, by name."""

    @abstractmethod
    def save(self, builder: Builder) -> None:
        """Adds or replaces; raises the catalogue's version.

        Raises:
            InvalidRequest: another builder has that slug.
        """


class SessionTypeRepository(Protocol):
    """The catalogue."""

    @abstractmethod
    def get(self, session_type_id: SessionTypeId) -> SessionType:
        """Raises NotFound."""

    @abstractmethod
    def get_to_change(self, session_type_id: SessionTypeId) -> SessionType:
        """As `get`, and nobody else changes the catalogue until this unit of work has ended."""

    @abstractmethod
    def all(self) -> Sequence[SessionType]:
        """Every session type of every builder, by display order and title."""

    @abstractmethod
    def save(self, session_type: SessionType) -> None:
        """Adds or replaces; raises the catalogue's version.

        Raises:
            InvalidRequest: another session type of this builder has that slug.
        """

    @abstractmethod
    def version(self) -> int:
        """A number that every saved builder or session type raises; what makes a cache safe (A7)."""


@frozen(kw_only=True)
class BookingFilter:
    """Which bookings: all conditions hold together; `starts_from` and `starts_before` are half-open.

    `after` is the cursor: the id of the last booking of the page before. `limit` is a number from 1 to
    `MOST_BOOKINGS`.
    """

    builder_id: str | None = None
    client_id: str | None = None
    session_type_id: str | None = None
    states: tuple[BookingState, ...] = ()
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    after: BookingId | None = None
    limit: int = field(default=50)

    @limit.validator
    def _answerable(self, _: object, limit: int) -> None:
        if type(limit) is not int or not 1 <= limit <= MOST_BOOKINGS:
            message = f"The limit is a whole number from 1 to {MOST_BOOKINGS}."
            raise InvalidRequest(message, [FieldError("/limit", message)])


@frozen
class BookingCounts:
    """How many bookings there are: by state, and of them those that wait for their client.

    `open_holds` keep a place until a deadline that has not passed.
    """

    by_state: Mapping[BookingState, int]
    open_holds: int


@frozen
class OpenHolds:
    """How many bookings wait for their client, and when the first of their deadlines is."""

    number: int
    first_end: datetime | None = None


class BookingRepository(Protocol):
    """The bookings."""

    @abstractmethod
    def get(self, booking_id: BookingId) -> Booking:
        """A booking that may be changed and saved; its own copy. Raises NotFound."""

    @abstractmethod
    def by_tag(self, tag: CalendarTag) -> Booking | None:
        """The booking whose events carry that tag, as `get` would answer it."""

    @abstractmethod
    def by_event_place(self, place: str) -> Booking | None:
        """The booking that holds that place in a provider's event (`CalendarEvent.place`)."""

    @abstractmethod
    def save(self, booking: Booking) -> None:
        """Adds (version 0) or replaces the booking, and raises its version by one.

        Raises:
            StaleBooking: somebody else saved it since it was read, or another booking holds that
                place in the event.
        """

    @abstractmethod
    def find(self, criteria: BookingFilter) -> Sequence[Booking]:
        """Newest first (by creation, then id); at most `limit` of them.

        None after a cursor that is no booking of that builder and client.
        """

    @abstractmethod
    def overdue(
        self,
        *,
        now: datetime,
        builder_id: BuilderId | None = None,
        after: BookingId | None = None,
        limit: int = 100,
    ) -> Sequence[Booking]:
        """Live bookings whose deadline has passed, in the order of their ids; those past `after`.

        In a writing unit of work they are locked until its end, so that one writer ends them.
        """

    @abstractmethod
    def unclaimed(self, email: str) -> Sequence[Booking]:
        """The anonymous bookings of an e-mail address, in the order of their ids.

        The same address is one whose `Contact.address` is the same.
        """

    @abstractmethod
    def of_address(self, email: str) -> Sequence[Booking]:
        """Everybody's bookings with that e-mail address (`Contact.address`), in the order of their ids."""

    @abstractmethod
    def unsettled(self, *, after: BookingId | None = None, limit: int = 100) -> Sequence[Booking]:
        """Bookings that are CONFIRMING or being rescheduled, or whose payment is `UNSETTLED`.

        In the order of their ids; `after` is the last one of the page before.
        """

    @abstractmethod
    def open_holds(
        self,
        *,
        now: datetime,
        client: Client | None = None,
        origin: str | None = None,
        builder_id: BuilderId | None = None,
    ) -> OpenHolds:
        """Live bookings that wait for their client, of one of the three; give exactly one.

        Their deadline has not passed, and no money is there or on its way (`HANDED_OVER`).
        Those of a known client are found by its id; those of another are the anonymous ones with the
        same e-mail address without case. Who asks for a client or an origin in a writing unit of work
        waits until others who asked for the same have ended theirs, so what is counted stays true.
        Of a builder those count that have a slot, because the others take nothing from it. Nobody
        waits for that number, which may be short of what others are just adding.
        """

    @abstractmethod
    def counts(self, *, now: datetime) -> BookingCounts:
        """All of them in numbers; a state that no booking is in may be left out."""
