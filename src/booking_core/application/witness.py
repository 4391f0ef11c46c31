"""Writing down how it went; what is written in the transaction of a change is made here too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, frozen

from booking_core.domain.booking import Booking
from booking_core.domain.events import MoneyGivenBack
from booking_core.domain.time import Slot
from booking_core.domain.trail import Subject, SubjectKind, TrailEntry, TrailKind
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class Witness:
    """Writes down how a provider's call went, in a small transaction of its own right after it.

    So it is known whatever becomes of the change around it. It costs little beside the call.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    @contextmanager
    def watching(
        self, booking: Booking, kind: TrailKind, name: str, **detail: Any
    ) -> Iterator[None]:
        """The call is made inside; what it raises is written down and raised."""
        with self.writing(of_booking(booking, kind, name, at=self.clock.now(), **detail)):
            yield

    @contextmanager
    def writing(self, entry: TrailEntry) -> Iterator[None]:
        """As `watching`, of anything."""
        try:
            yield
        except Exception as failed:
            self.write(entry.failed(failed))
            raise
        self.write(entry)

    def write(self, entry: TrailEntry) -> None:
        with self.unit_of_work() as uow:
            uow.trail.add([entry])
            uow.commit()


def of_booking(
    booking: Booking, kind: TrailKind, name: str, *, at: datetime, **detail: Any
) -> TrailEntry:
    """What was done by the service itself about a booking."""
    return TrailEntry(
        at=at,
        subject=Subject(SubjectKind.BOOKING, booking.id),
        kind=kind,
        name=name,
        builder_id=booking.builder_id,
        detail=detail,
    )


def of_place(
    uow: UnitOfWork, place: str, kind: TrailKind, name: str, *, at: datetime, **detail: Any
) -> TrailEntry:
    """About a client's place in a provider's event: of its booking, as far as there is one."""
    booking = uow.bookings.by_event_place(place)
    if booking is not None:
        return of_booking(booking, kind, name, at=at, **detail)
    subject = Subject(SubjectKind.CALENDAR_EVENT, place)
    return TrailEntry(at=at, subject=subject, kind=kind, name=name, detail=detail)


def of_events(booking: Booking, *, at: datetime) -> list[TrailEntry]:
    """What has happened to the booking since it was read, by whom it was changed.

    How the booking stands is known after the last of it only, so that is where it is told.
    """
    entries = [
        evolve(
            of_booking(
                booking, TrailKind.EVENT, type(event).__name__, at=at, **_went_back(booking, event)
            ),
            by=booking.by,
        )
        for event in booking.events
    ]
    last = entries[-1]
    return [*entries[:-1], evolve(last, detail={**last.detail, **_stands(booking)})]


def _stands(booking: Booking) -> dict[str, str]:
    stands = {"state": booking.state.value}
    if booking.payment.required:
        stands["payment"] = booking.payment.status.value
    return stands | start_of(booking.slot)


def start_of(slot: Slot | None) -> dict[str, str]:
    """When it begins, as the detail of an entry has it: RFC 3339, in UTC."""
    if slot is None:
        return {}
    return {"start": slot.start.astimezone(UTC).isoformat().replace("+00:00", "Z")}


def _went_back(booking: Booking, event: object) -> dict[str, Any]:
    price = booking.payment.price
    if not isinstance(event, MoneyGivenBack) or price is None:
        return {}
    return {"amount": event.amount, "currency": price.currency}
