from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from attrs import frozen
from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from adapters.sql import catalogue
from adapters.sql.errors import refuse_duplicate
from adapters.sql.json_values import from_location, from_terms, to_location, to_terms
from adapters.sql.tables import session_types
from adapters.sql.transaction import Transaction
from booking_core import (
    CalendarRef,
    Category,
    FieldError,
    InvalidRequest,
    Money,
    NotFound,
    Question,
    SessionType,
    SessionTypeId,
    SessionTypeRepository,
)

_MINUTE = timedelta(minutes=1)
_BY_ID = select(session_types).where(session_types.c.id == bindparam("wanted"))
_UPDATE = update(session_types).where(session_types.c.id == bindparam("wanted"))


@frozen
class SqlSessionTypes(SessionTypeRepository):
    _transaction: Transaction

    def get(self, session_type_id: SessionTypeId) -> SessionType:
        row = self._transaction.first(_BY_ID, {"wanted": session_type_id})
        if row is None:
            raise NotFound("session type")
        return to_session_type(row)

    def get_to_change(self, session_type_id: SessionTypeId) -> SessionType:
        catalogue.lock(self._transaction)
        return self.get(session_type_id)

    def all(self) -> Sequence[SessionType]:
        found = map(to_session_type, self._transaction.rows(select(session_types)))
        return sorted(found, key=lambda offer: (offer.display_order, offer.title, offer.id))

    def save(self, session_type: SessionType) -> None:
        catalogue.raise_version(self._transaction)
        values = from_session_type(session_type)
        try:
            changed = self._transaction.write(_UPDATE, values | {"wanted": session_type.id})
            if not changed.rowcount:
                self._transaction.write(insert(session_types), values)
        except IntegrityError as error:
            refuse_duplicate(error, _slug_taken())

    def version(self) -> int:
        return catalogue.version(self._transaction)


def _slug_taken() -> InvalidRequest:
    message = "Another session type of this builder has this slug; choose another one."
    return InvalidRequest(message, [FieldError("/slug", message)])


# ---- rows ----------------------------------------------------------------------------------------


def from_session_type(offer: SessionType) -> dict[str, Any]:
    price, reference = offer.price, offer.calendar_ref
    return {
        "id": offer.id,
        "builder_id": offer.builder_id,
        "title": offer.title,
        "slug": offer.slug,
        "description": offer.description,
        "category": offer.category.value,
        "pathways": list(offer.pathways),
        "requires_auth": offer.requires_auth,
        "duration": offer.duration // _MINUTE,
        "slot_step": None if offer.slot_step is None else offer.slot_step // _MINUTE,
        "price_amount": price.amount if price else None,
        "price_currency": price.currency if price else None,
        "capacity": offer.capacity,
        "questions": [_from_question(question) for question in offer.questions],
        "display_order": offer.display_order,
        "active": offer.active,
        "event_type_id": reference.event_type_id if reference else None,
        "event_type_uri": reference.event_type_uri if reference else None,
        "location": from_location(offer.location),
        "buffer_before": offer.buffer_before // _MINUTE,
        "buffer_after": offer.buffer_after // _MINUTE,
        "minimum_notice": offer.minimum_notice // _MINUTE,
        "horizon": offer.horizon // _MINUTE,
        "daily_limit": offer.daily_limit,
        "cancellation_policy": from_terms(offer.cancellation_policy),
        "synced": dict(offer.synced),
    }


def to_session_type(row: Row[Any]) -> SessionType:
    return SessionType(
        id=row.id,
        builder_id=row.builder_id,
        title=row.title,
        slug=row.slug,
        description=row.description,
        category=Category(row.category),
        pathways=tuple(row.pathways),
        requires_auth=row.requires_auth,
        duration=row.duration * _MINUTE,
        slot_step=None if row.slot_step is None else row.slot_step * _MINUTE,
        price=_to_price(row),
        capacity=row.capacity,
        questions=_to_questions(row.questions),
        display_order=row.display_order,
        active=row.active,
        calendar_ref=_to_reference(row),
        location=to_location(row.location),
        buffer_before=row.buffer_before * _MINUTE,
        buffer_after=row.buffer_after * _MINUTE,
        minimum_notice=row.minimum_notice * _MINUTE,
        horizon=row.horizon * _MINUTE,
        daily_limit=row.daily_limit,
        cancellation_policy=to_terms(row.cancellation_policy),
        synced=row.synced or {},
    )


def _to_price(row: Row[Any]) -> Money | None:
    return None if row.price_amount is None else Money(row.price_amount, row.price_currency)


def _to_reference(row: Row[Any]) -> CalendarRef | None:
    return None if row.event_type_id is None else CalendarRef(row.event_type_id, row.event_type_uri)


def _from_question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "prompt": question.prompt,
        "kind": question.kind.value,
        "required": question.required,
        "choices": list(question.choices),
    }


def _to_questions(stored: list[dict[str, Any]]) -> tuple[Question, ...]:
    return tuple(_to_question(**question) for question in stored)


def _to_question(*, choices: list[str], **same: Any) -> Question:
    return Question(choices=tuple(choices), **same)
