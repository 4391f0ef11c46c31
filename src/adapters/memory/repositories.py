from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from booking_core import (
    HANDED_OVER,
    UNSETTLED,
    Booking,
    BookingCounts,
    BookingFilter,
    BookingId,
    BookingRepository,
    BookingState,
    Builder,
    BuilderId,
    BuilderRepository,
    CalendarTag,
    Client,
    FieldError,
    InvalidRequest,
    NotFound,
    OpenHolds,
    SessionType,
    SessionTypeId,
    SessionTypeRepository,
    StaleBooking,
    address_of,
)

from .tables import Session, apart


class MemoryBuilders(BuilderRepository):
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, builder_id: BuilderId) -> Builder:
        try:
            return self._session.tables.builders[builder_id]
        except KeyError:
            raise NotFound("builder") from None

    def get_to_change(self, builder_id: BuilderId) -> Builder:
        self._session.changing()
        return self.get(builder_id)

    def all(self) -> Sequence[Builder]:
        builders = self._session.tables.builders.values()
        return sorted(builders, key=lambda builder: (builder.name, builder.id))

    def save(self, builder: Builder) -> None:
        tables = self._session.changing()
        _check_slug(builder, tables.builders.values())
        tables.builders[builder.id] = builder
        tables.catalogue_version += 1


class MemorySessionTypes(SessionTypeRepository):
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, session_type_id: SessionTypeId) -> SessionType:
        try:
            return self._session.tables.session_types[session_type_id]
        except KeyError:
            raise NotFound("session type") from None

    def get_to_change(self, session_type_id: SessionTypeId) -> SessionType:
        self._session.changing()
        return self.get(session_type_id)

    def all(self) -> Sequence[SessionType]:
        found = self._session.tables.session_types.values()
        return sorted(found, key=lambda each: (each.display_order, each.title, each.id))

    def save(self, session_type: SessionType) -> None:
        tables = self._session.changing()
        others = tables.session_types.values()
        _check_slug(session_type, [o for o in others if o.builder_id == session_type.builder_id])
        tables.session_types[session_type.id] = session_type
        tables.catalogue_version += 1

    def version(self) -> int:
        return self._session.tables.catalogue_version


def _check_slug(
    saved: Builder | SessionType, others: Iterable[Builder] | Iterable[SessionType]
) -> None:
    if any(other.slug == saved.slug and other.id != saved.id for other in others):
        message = "That slug is taken; choose another one."
        raise InvalidRequest(message, [FieldError("/slug", message)])


class MemoryBookings(BookingRepository):
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, booking_id: BookingId) -> Booking:
        try:
            return apart(self._session.tables.bookings[booking_id])
        except KeyError:
            raise NotFound("booking") from None

    def by_tag(self, tag: CalendarTag) -> Booking | None:
        return self._one(lambda booking: booking.tag == tag)

    def by_event_place(self, place: str) -> Booking | None:
        return self._one(lambda booking: booking.event is not None and booking.event.place == place)

    def _one(self, condition: Callable[[Booking], bool]) -> Booking | None:
        found = next(filter(condition, self._session.tables.bookings.values()), None)
        return None if found is None else apart(found)

    def save(self, booking: Booking) -> None:
        stored = self._session.tables.bookings.get(booking.id)
        if booking.version != (stored.version if stored else 0):
            raise StaleBooking
        if booking.event is not None:
            holder = self.by_event_place(booking.event.place)
            if holder is not None and holder.id != booking.id:
                raise StaleBooking
        booking.version += 1
        self._session.changing().bookings[booking.id] = apart(booking)

    def find(self, criteria: BookingFilter) -> Sequence[Booking]:
        stored = self._session.tables.bookings
        found = sorted(filter(lambda b: _matches(b, criteria), stored.values()), key=_age)
        if criteria.after is not None:
            last = stored.get(criteria.after)
            if last is None or not _within_reach(last, criteria):
                return []
            found = [each for each in found if _age(each) < _age(last)]
        return [apart(booking) for booking in found[: -criteria.limit - 1 : -1]]

    def overdue(
        self,
        *,
        now: datetime,
        builder_id: BuilderId | None = None,
        after: BookingId | None = None,
        limit: int = 100,
    ) -> Sequence[Booking]:
        found = (
            booking
            for booking in self._session.tables.bookings.values()
            if booking.state.live
            and booking.overdue(now)
            and builder_id in (None, booking.builder_id)
            and (after is None or booking.id > after)
        )
        return [apart(booking) for booking in sorted(found, key=lambda each: each.id)[:limit]]

    def unclaimed(self, email: str) -> Sequence[Booking]:
        return [each for each in self.of_address(email) if not each.client.known]

    def of_address(self, email: str) -> Sequence[Booking]:
        found = (
            booking
            for booking in self._session.tables.bookings.values()
            if booking.client.contact.address == address_of(email)
        )
        return [apart(booking) for booking in sorted(found, key=lambda each: each.id)]

    def unsettled(self, *, after: BookingId | None = None, limit: int = 100) -> Sequence[Booking]:
        found = (
            booking
            for booking in self._session.tables.bookings.values()
            if (after is None or booking.id > after) and _is_unsettled(booking)
        )
        return [apart(booking) for booking in sorted(found, key=lambda each: each.id)[:limit]]

    def open_holds(
        self,
        *,
        now: datetime,
        client: Client | None = None,
        origin: str | None = None,
        builder_id: BuilderId | None = None,
    ) -> OpenHolds:
        ends = [
            each.deadline
            for each in self._session.tables.bookings.values()
            if each.deadline
            and _waits(each, now)
            and each.payment.status not in HANDED_OVER
            and (client is None or _is_of(each, client))
            and origin in (None, each.origin)
            and (builder_id is None or (each.builder_id == builder_id and each.slot is not None))
        ]
        return OpenHolds(len(ends), min(ends, default=None))

    def counts(self, *, now: datetime) -> BookingCounts:
        every = self._session.tables.bookings.values()
        waiting = sum(_waits(each, now) for each in every)
        return BookingCounts(Counter(each.state for each in every), waiting)


def _waits(booking: Booking, now: datetime) -> bool:
    """For its client, and its time for that is not over."""
    return booking.state.live and booking.deadline is not None and booking.deadline > now


def _is_of(booking: Booking, client: Client) -> bool:
    if client.known or booking.client.known:
        return booking.client.id == client.id
    return booking.client.contact.same_address(client.contact.email)


def _is_unsettled(booking: Booking) -> bool:
    return (
        booking.state is BookingState.CONFIRMING
        or booking.pending_slot is not None
        or booking.payment.status in UNSETTLED
    )


def _age(booking: Booking) -> tuple[datetime, str]:
    return booking.created_at, booking.id


def _within_reach(booking: Booking, criteria: BookingFilter) -> bool:
    """A cursor that is somebody else's must look like one that is nobody's."""
    return criteria.builder_id in (None, booking.builder_id) and (
        criteria.client_id is None or criteria.client_id == booking.client.id
    )


def _matches(booking: Booking, criteria: BookingFilter) -> bool:
    return (
        _within_reach(booking, criteria)
        and criteria.session_type_id in (None, booking.session_type_id)
        and (not criteria.states or booking.state in criteria.states)
        and _starts_between(booking, criteria.starts_from, criteria.starts_before)
    )


def _starts_between(booking: Booking, first: datetime | None, end: datetime | None) -> bool:
    if first is None and end is None:
        return True
    start = booking.slot.start if booking.slot else None
    if start is None:
        return False
    return (first is None or first <= start) and (end is None or start < end)
