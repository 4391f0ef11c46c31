"""What happened, in order: who changed what, and how it went at the providers.

Nothing in it is personal: fields are named without their values, people by their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen

from booking_core.domain.errors import (
    BookingError,
    FieldError,
    InvalidRequest,
    ProviderFailed,
    SlotUnavailable,
    StaleBooking,
)
from booking_core.domain.ids import BuilderId


class SubjectKind(StrEnum):
    """What an entry can be about."""

    BOOKING = "booking"
    BUILDER = "builder"
    SESSION_TYPE = "session_type"
    CLIENT = "client"  # by the id of its account; `anonymous` where there is none
    API_KEY = "api_key"
    CALENDAR_EVENT = "calendar_event"  # a provider's, as long as no booking has it


@frozen
class Subject:
    """What an entry is about; as text `booking:bkg_1`."""

    kind: SubjectKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Raises InvalidRequest."""
        kind, _, id = text.partition(":")
        if kind not in set(SubjectKind) or not id:
            message = f"Write the subject as KIND:ID, KIND one of {', '.join(SubjectKind)}."
            raise InvalidRequest(message, [FieldError("/subject", message)])
        return cls(SubjectKind(kind), id)


class TrailKind(StrEnum):
    """What sort of thing happened."""

    EVENT = "event"  # of the domain, by its name; that somebody signed in or out
    CHANGE = "change"  # of the catalogue, roles or keys, or what was done by hand
    MAIL = "mail"
    NOTICE = "notice"  # a provider told us
    PAYMENT = "payment"  # a call that moves money, or opens or closes a checkout
    CALENDAR = "calendar"  # a call that writes at the calendar provider


class Outcome(StrEnum):
    """How it went."""

    DONE = "done"
    FAILED = "failed"  # not known, or not possible then: it is tried again
    REFUSED = "refused"  # for good: the same thing is not tried again by itself


@frozen(kw_only=True)
class TrailEntry:
    """One thing that happened.

    `by` is `Actor.name`. `builder_id` is the builder whose subject it is. `detail` has plain JSON
    values: names of fields, amounts in minor units, states, times, provider ids, and the `code` of
    what went wrong. `number` counts the entries of a store, in about the order of their times; it is
    0 until the entry is stored.
    """

    at: datetime
    subject: Subject
    kind: TrailKind
    name: str
    by: str = "system"
    builder_id: BuilderId | None = None
    outcome: Outcome = Outcome.DONE
    detail: Mapping[str, Any] = field(factory=dict)
    number: int = 0

    def failed(self, error: Exception) -> TrailEntry:
        """The same thing, gone wrong for that reason: its code, and never its text."""
        code = error.code if isinstance(error, BookingError) else type(error).__name__
        outcome = Outcome.REFUSED if _for_good(error) else Outcome.FAILED
        why = {"reason": error.reason} if isinstance(error, SlotUnavailable) else {}
        return evolve(self, outcome=outcome, detail={**self.detail, "code": code, **why})


def _for_good(error: Exception) -> bool:
    """Asking again would be answered the same."""
    if isinstance(error, ProviderFailed):
        return not error.retryable
    return isinstance(error, BookingError) and not isinstance(error, StaleBooking)
