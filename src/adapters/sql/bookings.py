from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from attrs import asdict, frozen
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Row,
    Select,
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from adapters.sql.errors import refuse_duplicate
from adapters.sql.json_values import (
    from_location,
    from_occupancy,
    from_terms,
    to_location,
    to_occupancy,
    to_terms,
)
from adapters.sql.tables import EVERY_STATE, UNSETTLED_ROWS, bookings
from adapters.sql.transaction import Transaction
from adapters.sql.types import as_text
from booking_core import (
    HANDED_OVER,
    LIVE,
    Answer,
    Attempt,
    Booking,
    BookingCounts,
    BookingFilter,
    BookingId,
    BookingRepository,
    BookingState,
    BuilderId,
    CalendarEvent,
    CalendarRef,
    CalendarTag,
    Client,
    Contact,
    Details,
    Flow,
    Language,
    Money,
    NotFound,
    OpenHolds,
    Payment,
    PaymentStatus,
    Slot,
    StaleBooking,
    address_of,
)

_BY_ID = select(bookings).where(bookings.c.id == bindparam("wanted"))
_INSERT = insert(bookings)
_UPDATE = update(bookings).where(
    bookings.c.id == bindparam("wanted"), bookings.c.version == bindparam("read_version")
)
_UNSETTLED = (
    select(bookings)
    .where(text(f"({UNSETTLED_ROWS})"), bookings.c.id > bindparam("last"))
    .order_by(bookings.c.id)
    .limit(bindparam("at_most"))
)
# The index folds more than an address does, so what it finds is looked at again.
_OF_ADDRESS = (
    select(bookings)
    .where(bookings.c.client_email_folded == bindparam("folded"))
    .order_by(bookings.c.id)
)
_UNCLAIMED = _OF_ADDRESS.where(bookings.c.client_id.is_(None))
_NEWEST_FIRST = (bookings.c.created_at.desc(), bookings.c.id.desc())
_LIVE = sorted(state.value for state in LIVE)
_BY_STATE: Select[Any] = (
    select(bookings.c.state, func.count().label("number"))
    .where(text(EVERY_STATE))
    .group_by(bookings.c.state)
)
_OPEN_HOLDS: Select[Any] = (
    select(func.count().label("number"))
    .select_from(bookings)
    .where(bookings.c.deadline > bindparam("now"), bookings.c.state.in_(_LIVE))
)
_WAITING = select(func.count(), func.min(bookings.c.deadline)).where(
    bookings.c.deadline > bindparam("now"),
    bookings.c.state.in_(_LIVE),
    bookings.c.payment_status.not_in(sorted(HANDED_OVER)),
)
_LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger())))
_FOLDED = "client_email_folded"


@frozen
class SqlBookings(BookingRepository):
    _transaction: Transaction

    def get(self, booking_id: BookingId) -> Booking:
        row = self._transaction.first(_BY_ID, {"wanted": booking_id})
        if row is None:
            raise NotFound("booking")
        return to_booking(row)

    def by_tag(self, tag: CalendarTag) -> Booking | None:
        return self._one(bookings.c.tag == tag)

    def by_event_place(self, place: str) -> Booking | None:
        return self._one(bookings.c.event_place == place)

    def _one(self, condition: ColumnElement[bool]) -> Booking | None:
        found = self._transaction.rows(select(bookings).where(condition).limit(1))
        return to_booking(found[0]) if found else None

    def save(self, booking: Booking) -> None:
        values = from_booking(booking) | {"version": booking.version + 1}
        if booking.version == 0:
            self._add(values)
        else:
            self._replace(booking, values)
        booking.version += 1

    def _add(self, values: dict[str, Any]) -> None:
        try:
            self._transaction.write(_INSERT, values)
        except IntegrityError as error:
            refuse_duplicate(error, StaleBooking())
        self._transaction.added.add(values["id"])

    def _replace(self, booking: Booking, values: dict[str, Any]) -> None:
        read = {"wanted": booking.id, "read_version": booking.version}
        try:
            if not self._transaction.write(_UPDATE, values | read).rowcount:
                raise StaleBooking
        except IntegrityError as error:
            refuse_duplicate(error, StaleBooking())

    def find(self, criteria: BookingFilter) -> Sequence[Booking]:
        query = _matching(criteria).order_by(*_NEWEST_FIRST).limit(criteria.limit)
        return [to_booking(row) for row in self._transaction.rows(query)]

    def overdue(
        self,
        *,
        now: datetime,
        builder_id: BuilderId | None = None,
        after: BookingId | None = None,
        limit: int = 100,
    ) -> Sequence[Booking]:
        query = _overdue(of_builder=builder_id is not None, locked=self._transaction.writing)
        values: dict[str, Any] = {"now": now, "after": after or "", "at_most": limit}
        if builder_id is not None:
            values["builder"] = builder_id
        return [to_booking(row) for row in self._transaction.rows(query, values)]

    def unclaimed(self, email: str) -> Sequence[Booking]:
        return self._with_address(_UNCLAIMED, email)

    def of_address(self, email: str) -> Sequence[Booking]:
        return self._with_address(_OF_ADDRESS, email)

    def _with_address(self, query: Select[Any], email: str) -> Sequence[Booking]:
        rows = self._transaction.rows(query, {"folded": email.strip().casefold()})
        found = map(to_booking, rows)
        return [each for each in found if each.client.contact.address == address_of(email)]

    def unsettled(self, *, after: BookingId | None = None, limit: int = 100) -> Sequence[Booking]:
        found = self._transaction.rows(_UNSETTLED, {"last": after or "", "at_most": limit})
        return [to_booking(row) for row in found]

    def open_holds(
        self,
        *,
        now: datetime,
        client: Client | None = None,
        origin: str | None = None,
        builder_id: BuilderId | None = None,
    ) -> OpenHolds:
        column, wanted = _whose(client, origin, builder_id)
        if builder_id is None:
            self._one_at_a_time(f"{column}:{wanted}")
        query = _WAITING.where(bookings.c[column] == wanted)
        if builder_id is not None:
            query = query.where(bookings.c.starts_at.is_not(None))
        if column == _FOLDED:
            query = query.where(bookings.c.client_id.is_(None))
        return OpenHolds(*self._transaction.rows(query, {"now": now})[0])

    def _one_at_a_time(self, counted: str) -> None:
        """Until the end of the transaction; others of SQLite's wait for each other anyway."""
        if self._transaction.writing and self._transaction.dialect == "postgresql":
            number = int.from_bytes(sha256(counted.encode()).digest()[:8], signed=True)
            self._transaction.rows(_LOCK, {"number": number})

    def counts(self, *, now: datetime) -> BookingCounts:
        rows = self._transaction.rows(_BY_STATE)
        by_state = {BookingState(row.state): int(row.number) for row in rows}
        return BookingCounts(by_state, self._transaction.rows(_OPEN_HOLDS, {"now": now})[0].number)


def _whose(
    client: Client | None, origin: str | None, builder_id: BuilderId | None
) -> tuple[str, str | None]:
    """The column that says whose bookings they are, and what stands there."""
    if client is None:
        return ("builder_id", builder_id) if builder_id else ("origin", origin)
    return ("client_id", client.id) if client.known else (_FOLDED, client.contact.email.casefold())


# Of the few that are found; an index in this order would tempt SQLite to walk all of it.
_id_of_few = bookings.c.id.concat("")


@cache
def _overdue(*, of_builder: bool, locked: bool) -> Select[Any]:
    query = (
        select(bookings)
        .where(
            bookings.c.deadline <= bindparam("now"),
            bookings.c.state.in_(_LIVE),
            _id_of_few > bindparam("after"),
        )
        .order_by(_id_of_few)
        .limit(bindparam("at_most"))
    )
    if of_builder:
        query = query.where(bookings.c.builder_id == bindparam("builder"))
    return query.with_for_update() if locked else query


def _matching(criteria: BookingFilter) -> Select[Any]:
    query = select(bookings).where(*_reach(bookings, criteria))
    if criteria.session_type_id is not None:
        query = query.where(bookings.c.session_type_id == criteria.session_type_id)
    if criteria.states:
        query = query.where(bookings.c.state.in_([state.value for state in criteria.states]))
    if criteria.starts_from is not None:
        query = query.where(bookings.c.starts_at >= criteria.starts_from)
    if criteria.starts_before is not None:
        query = query.where(bookings.c.starts_at < criteria.starts_before)
    if criteria.after is not None:
        query = query.where(_after(criteria.after, criteria))
    return query


def _reach(table: FromClause, criteria: BookingFilter) -> list[ColumnElement[bool]]:
    """Whose bookings: a cursor that is somebody else's must look like one that is nobody's."""
    asked = {"builder_id": criteria.builder_id, "client_id": criteria.client_id}
    return [table.c[name] == wanted for name, wanted in asked.items() if wanted is not None]


def _after(booking_id: BookingId, criteria: BookingFilter) -> ColumnElement[bool]:
    last = bookings.alias("last")
    found = select(last.c.created_at).where(last.c.id == booking_id, *_reach(last, criteria))
    created = found.scalar_subquery()
    return tuple_(bookings.c.created_at, bookings.c.id) < tuple_(created, literal(booking_id))


# ---- rows ----------------------------------------------------------------------------------------


def from_booking(booking: Booking) -> dict[str, Any]:
    contact, slot, pending = booking.client.contact, booking.slot, booking.pending_slot
    waiting = booking.pending_occupancy
    return {
        "id": booking.id,
        "builder_id": booking.builder_id,
        "session_type_id": booking.session_type_id,
        "client_id": booking.client.id,
        "client_name": contact.name,
        "client_email": contact.email,
        "client_email_folded": contact.email.casefold(),
        "client_timezone": contact.timezone,
        "client_language": contact.language.value if contact.language else None,
        "flow": booking.flow.value,
        "state": booking.state.value,
        "starts_at": slot.start if slot else None,
        "ends_at": slot.end if slot else None,
        "pending_starts_at": pending.start if pending else None,
        "pending_ends_at": pending.end if pending else None,
        "pending_occupancy": from_occupancy(waiting) if waiting else None,
        "deadline": booking.deadline,
        "payment_status": booking.payment.status.value,
        "payment": _from_payment(booking.payment),
        "terms": from_terms(booking.terms),
        "occupancy": from_occupancy(booking.occupancy),
        "details": _from_details(booking.details),
        "tag": booking.tag,
        "calendar_ref": asdict(booking.calendar_ref) if booking.calendar_ref else None,
        "event": asdict(booking.event) if booking.event else None,
        "event_place": booking.event.place if booking.event else None,
        "removed_places": sorted(booking.removed_places),
        "no_show_told": booking.no_show_told,
        "cancel_reason": booking.cancel_reason,
        "token_version": booking.token_version,
        "token_handed_over": booking.token_handed_over,
        "origin": booking.origin,
        "created_at": booking.created_at,
    }


def to_booking(row: Row[Any]) -> Booking:
    language = Language(row.client_language) if row.client_language else None
    contact = Contact(row.client_name, row.client_email, row.client_timezone, language)
    return Booking(
        id=row.id,
        builder_id=row.builder_id,
        session_type_id=row.session_type_id,
        client=Client(contact, row.client_id),
        flow=Flow(row.flow),
        payment=_to_payment(row.payment, PaymentStatus(row.payment_status)),
        terms=to_terms(row.terms),
        occupancy=to_occupancy(row.occupancy),
        tag=row.tag,
        calendar_ref=CalendarRef(**row.calendar_ref) if row.calendar_ref else None,
        created_at=row.created_at,
        details=_to_details(row.details),
        state=BookingState(row.state),
        slot=_to_slot(row.starts_at, row.ends_at),
        pending_slot=_to_slot(row.pending_starts_at, row.pending_ends_at),
        pending_occupancy=to_occupancy(row.pending_occupancy) if row.pending_occupancy else None,
        deadline=row.deadline,
        event=CalendarEvent(**row.event) if row.event else None,
        removed_places=frozenset(row.removed_places or ()),
        no_show_told=row.no_show_told,
        cancel_reason=row.cancel_reason,
        token_version=row.token_version,
        token_handed_over=row.token_handed_over,
        origin=row.origin,
        version=row.version,
    )


def _to_slot(start: datetime | None, end: datetime | None) -> Slot | None:
    return None if start is None or end is None else Slot(start, end)


def _from_details(details: Details) -> dict[str, Any]:
    return {
        "location": from_location(details.location),
        "pathway": details.pathway,
        "answers": [
            [answer.question_id, answer.value, answer.prompt] for answer in details.answers
        ],
        "notes": details.notes,
        "guests": list(details.guests),
    }


def _to_details(stored: dict[str, Any]) -> Details:
    return Details(
        location=to_location(stored["location"]),
        pathway=stored["pathway"],
        answers=_to_answers(stored["answers"]),
        notes=stored["notes"],
        guests=tuple(stored.get("guests", ())),  # what was kept before there were any has none
    )


def _to_answers(stored: list[Any]) -> tuple[Answer, ...]:
    return tuple(
        Answer(question, tuple(value) if isinstance(value, list) else value, prompt)
        for question, value, prompt in stored
    )


def _from_payment(payment: Payment) -> dict[str, Any]:
    price = payment.price
    return {
        "price": [price.amount, price.currency] if price else None,
        "to_keep": payment.to_keep,
        "attempts": [_from_attempt(attempt) for attempt in payment.attempts],
        "accepted": payment.accepted,
        "refunds": list(payment.refunds),
        "taken": payment.taken,
        "returned": payment.returned,
        "least_kept": payment.least_kept,
        "sent_back": list(payment.sent_back),
        "on_its_way": payment.on_its_way,
        "in_doubt": payment.in_doubt,
    }


def _to_payment(stored: dict[str, Any], status: PaymentStatus) -> Payment:
    return Payment(
        price=Money(*stored["price"]) if stored["price"] else None,
        status=status,
        to_keep=stored["to_keep"],
        attempts=tuple(_to_attempt(attempt) for attempt in stored["attempts"]),
        accepted=stored["accepted"],
        refunds=tuple(stored["refunds"]),
        taken=stored.get("taken", 0),
        returned=stored.get("returned", 0),
        least_kept=stored.get("least_kept", 0),
        sent_back=tuple(stored.get("sent_back", ())),
        on_its_way=stored.get("on_its_way", False),
        in_doubt=stored.get("in_doubt", False),
    )


def _from_attempt(attempt: Attempt) -> dict[str, Any]:
    price = [attempt.price.amount, attempt.price.currency]
    return asdict(attempt) | {"expires_at": as_text(attempt.expires_at), "price": price}


def _to_attempt(stored: dict[str, Any]) -> Attempt:
    expires_at = datetime.fromisoformat(stored["expires_at"])
    return Attempt(**stored | {"expires_at": expires_at, "price": Money(*stored["price"])})
