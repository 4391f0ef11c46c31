from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from attrs import frozen
from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from adapters.sql import catalogue
from adapters.sql.errors import refuse_duplicate
from adapters.sql.json_values import from_window, seconds, to_window
from adapters.sql.tables import builders
from adapters.sql.transaction import Transaction
from booking_core import (
    Builder,
    BuilderId,
    BuilderRepository,
    DayRange,
    FieldError,
    InvalidRequest,
    Language,
    NotFound,
    Schedule,
    SchedulingMode,
    TimeOff,
)

_BY_ID = select(builders).where(builders.c.id == bindparam("wanted"))
_UPDATE = update(builders).where(builders.c.id == bindparam("wanted"))


@frozen
class SqlBuilders(BuilderRepository):
    _transaction: Transaction

    def get(self, builder_id: BuilderId) -> Builder:
        row = self._transaction.first(_BY_ID, {"wanted": builder_id})
        if row is None:
            raise NotFound("builder")
        return to_builder(row)

    def get_to_change(self, builder_id: BuilderId) -> Builder:
        catalogue.lock(self._transaction)
        return self.get(builder_id)

    def all(self) -> Sequence[Builder]:
        found = map(to_builder, self._transaction.rows(select(builders)))
        return sorted(found, key=lambda builder: (builder.name, builder.id))

    def save(self, builder: Builder) -> None:
        catalogue.raise_version(self._transaction)
        values = from_builder(builder)
        try:
            changed = self._transaction.write(_UPDATE, values | {"wanted": builder.id})
            if not changed.rowcount:
                self._transaction.write(insert(builders), values)
        except IntegrityError as error:
            refuse_duplicate(error, _slug_taken())


def _slug_taken() -> InvalidRequest:
    message = "Another builder has this slug; choose another one."
    return InvalidRequest(message, [FieldError("/slug", message)])


# ---- rows ----------------------------------------------------------------------------------------


def from_builder(builder: Builder) -> dict[str, Any]:
    return {
        "id": builder.id,
        "name": builder.name,
        "slug": builder.slug,
        "email": builder.email,
        "schedule": from_schedule(builder.schedule),
        "headline": builder.headline,
        "photo_url": builder.photo_url,
        "language": builder.language.value,
        "reminders": [seconds(offset) for offset in builder.reminders],
        "client_accounts": builder.client_accounts,
        "scheduling_mode": builder.scheduling_mode.value,
        "embed_sites": list(builder.embed_sites),
        "calendar_account": builder.calendar_account,
        "active": builder.active,
    }


def to_builder(row: Row[Any]) -> Builder:
    return Builder(
        id=row.id,
        name=row.name,
        slug=row.slug,
        email=row.email,
        schedule=to_schedule(row.schedule),
        headline=row.headline,
        photo_url=row.photo_url,
        language=Language(row.language),
        reminders=_to_offsets(row.reminders),
        client_accounts=row.client_accounts,
        scheduling_mode=SchedulingMode(row.scheduling_mode),
        embed_sites=tuple(row.embed_sites),
        calendar_account=row.calendar_account,
        active=row.active,
    )


def _to_offsets(stored: list[float]) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=offset) for offset in stored)


def from_schedule(schedule: Schedule) -> dict[str, Any]:
    return {
        "timezone": schedule.timezone,
        "weekly": {str(day): _from_ranges(hours) for day, hours in schedule.weekly.items()},
        "overrides": {
            day.isoformat(): _from_ranges(hours) for day, hours in schedule.overrides.items()
        },
        "time_off": [[*from_window(off.window), off.reason] for off in schedule.time_off],
    }


def to_schedule(stored: dict[str, Any]) -> Schedule:
    return Schedule(
        timezone=stored["timezone"],
        weekly={int(day): _to_ranges(hours) for day, hours in stored["weekly"].items()},
        overrides={
            date.fromisoformat(day): _to_ranges(hours) for day, hours in stored["overrides"].items()
        },
        time_off=tuple(
            TimeOff(to_window(start, end), reason) for start, end, reason in stored["time_off"]
        ),
    )


def _from_ranges(ranges: Sequence[DayRange]) -> list[list[int]]:
    return [[opening.start, opening.end] for opening in ranges]


def _to_ranges(stored: list[list[int]]) -> tuple[DayRange, ...]:
    return tuple(DayRange(start, end) for start, end in stored)
