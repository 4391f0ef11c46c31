from __future__ import annotations

from collections.abc import Sequence

from booking_core import BuilderId, CalendarBinding, CalendarBindingRepository

from .tables import Session


class MemoryCalendarBindings(CalendarBindingRepository):
    def __init__(self, session: Session) -> None:
        self._session = session

    def of_builder(self, builder_id: BuilderId) -> CalendarBinding | None:
        return self._session.tables.calendar_bindings.get(builder_id)

    def all(self) -> Sequence[CalendarBinding]:
        found = self._session.tables.calendar_bindings.values()
        return sorted(found, key=lambda each: each.builder_id)

    def save(self, binding: CalendarBinding) -> None:
        self._session.changing().calendar_bindings[binding.builder_id] = binding

    def remove(self, builder_id: BuilderId) -> None:
        self._session.changing().calendar_bindings.pop(builder_id, None)
