"""The one table from errors to HTTP answers (RFC 9457) and exit codes (sysexits)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import evolve, frozen

from booking_core import (
    BookingError,
    CaptureRefused,
    CheckoutRefused,
    ClientNeeded,
    HoldExpired,
    InvalidAnswers,
    InvalidCredentials,
    InvalidRequest,
    KeyInProgress,
    KeyReused,
    LinkNeeded,
    NotAllowed,
    NotFound,
    NotSetUp,
    PaymentsUnavailable,
    ProviderFailed,
    RangeTooLong,
    Refused,
    SignInRequired,
    SlotInPast,
    SlotMisaligned,
    SlotUnavailable,
    StaleAccount,
    StaleBooking,
    StaleSchedule,
    TermsForbid,
    TooManyHolds,
    UnknownTimezone,
    UntrustedNotice,
    WrongDuration,
    WrongState,
)

EX_NO, EX_USAGE, EX_DATAERR, EX_NOINPUT = 1, 2, 65, 66
EX_UNAVAILABLE, EX_SOFTWARE, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 69, 70, 75, 77, 78


@frozen
class Problem:
    """How an error is told: by HTTP status and by exit code."""

    status: int
    exit_code: int


PROBLEMS: Mapping[type[BookingError], Problem] = MappingProxyType(
    {
        BookingError: Problem(500, EX_SOFTWARE),
        InvalidRequest: Problem(422, EX_DATAERR),
        UnknownTimezone: Problem(422, EX_DATAERR),
        RangeTooLong: Problem(422, EX_DATAERR),
        SlotInPast: Problem(422, EX_DATAERR),
        SlotMisaligned: Problem(422, EX_DATAERR),
        WrongDuration: Problem(422, EX_DATAERR),
        InvalidAnswers: Problem(422, EX_DATAERR),
        NotFound: Problem(404, EX_NOINPUT),
        NotAllowed: Problem(403, EX_NOPERM),
        SignInRequired: Problem(401, EX_NOPERM),
        InvalidCredentials: Problem(401, EX_NOPERM),
        Refused: Problem(409, EX_NO),
        SlotUnavailable: Problem(409, EX_NO),
        LinkNeeded: Problem(409, EX_NO),
        WrongState: Problem(409, EX_NO),
        HoldExpired: Problem(409, EX_NO),
        TermsForbid: Problem(409, EX_NO),
        TooManyHolds: Problem(429, EX_TEMPFAIL),
        PaymentsUnavailable: Problem(409, EX_NO),
        ClientNeeded: Problem(409, EX_NO),
        KeyReused: Problem(422, EX_DATAERR),
        KeyInProgress: Problem(409, EX_TEMPFAIL),
        StaleBooking: Problem(409, EX_TEMPFAIL),
        StaleAccount: Problem(409, EX_TEMPFAIL),
        StaleSchedule: Problem(409, EX_NO),
        ProviderFailed: Problem(503, EX_TEMPFAIL),
        NotSetUp: Problem(503, EX_CONFIG),
        CheckoutRefused: Problem(503, EX_UNAVAILABLE),
        CaptureRefused: Problem(503, EX_UNAVAILABLE),
        UntrustedNotice: Problem(400, EX_NOPERM),
    }
)


def reason(error: BookingError) -> str:
    """What went wrong and why, as far as it is known; for operators only."""
    why = str(error.__cause__ or "").strip()
    return f"{error.message} {why}".strip()


def of(error: BookingError) -> Problem:
    """How this error is told. Every class has a row of its own; a test walks the tree."""
    told = PROBLEMS[type(error)]
    lasting = type(error) is ProviderFailed and not error.retryable
    return evolve(told, exit_code=EX_UNAVAILABLE) if lasting else told
