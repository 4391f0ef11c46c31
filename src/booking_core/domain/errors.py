"""Everything that can go wrong, in one tree.

Each class has a stable `code`; the doors translate it to an HTTP status and an exit code in one
table. The message says what to do, and never holds a secret or another client's data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import available_timezones

from attrs import frozen

if TYPE_CHECKING:
    from booking_core.domain.time import Slot

_LONGEST_ZONE = 60


class BookingError(Exception):
    """The root of every error that booking-core raises on purpose."""

    code: ClassVar[str] = "booking_error"
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def extensions(self) -> dict[str, Any]:
        """What a caller may read besides the message: plain values and domain values."""
        return {}


# ---- the request itself is wrong ------------------------------------------------------------


@frozen
class FieldError:
    """One wrong field: a JSON pointer into the request, and what to do about it."""

    pointer: str
    detail: str


class InvalidRequest(BookingError):
    """The request can never be carried out as it stands."""

    code = "invalid_request"
    title = "The request is not valid"

    def __init__(self, message: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)

    def extensions(self) -> dict[str, Any]:
        return {"errors": self.errors} if self.errors else {}


class UnknownTimezone(InvalidRequest):
    """There is no IANA zone of that name."""

    code = "unknown_timezone"
    title = "Unknown time zone"

    def __init__(self, name: str, pointer: str = "/timezone") -> None:
        meant = get_close_matches(name[:_LONGEST_ZONE], _zones(), n=1, cutoff=0.8)
        hint = f"did you mean {meant[0]}?" if meant else "use an IANA name such as Europe/Berlin."
        message = f"There is no time zone '{name[:_LONGEST_ZONE]}'; {hint}"
        super().__init__(message, [FieldError(pointer, message)])
        self.name = name


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


class RangeTooLong(InvalidRequest):
    """The range of slots is longer than one call answers (B1)."""

    code = "range_too_long"
    title = "The range is too long"


class SlotInPast(InvalidRequest):
    """The slot begins before now."""

    code = "slot_in_past"
    title = "The slot lies in the past"


class SlotMisaligned(InvalidRequest):
    """The slot begins beside the grid of the opening hours (B6)."""

    code = "slot_misaligned"
    title = "No session starts at that time"


class WrongDuration(InvalidRequest):
    """The slot is not as long as the session type."""

    code = "wrong_duration"
    title = "The slot has the wrong length"


class InvalidAnswers(InvalidRequest):
    """Answers to the custom questions are missing or wrong (C10)."""

    code = "invalid_answers"
    title = "The answers are not valid"


# ---- nothing there, or not for this caller ------------------------------------------------------


class NotFound(BookingError):
    """There is no such thing, or none that this caller may know of."""

    code = "not_found"
    title = "Not found"

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}.")
        self.what = what


class NotAllowed(BookingError):
    """The caller is known, the thing may be known to it, the action is not its to take."""

    code = "not_allowed"
    title = "Not allowed"


class SignInRequired(NotAllowed):
    """The session type is for signed-in clients, and the caller is not (A4)."""

    code = "sign_in_required"
    title = "Sign in first"

    def __init__(self) -> None:
        super().__init__("This is for those who are signed in; sign in and try again.")


class InvalidCredentials(NotAllowed):
    """The credential is malformed, forged, expired or for somebody else."""

    code = "invalid_credentials"
    title = "The credentials are not valid"


# ---- a rule says no --------------------------------------------------------------------------------


class Refused(BookingError):
    """Well formed, allowed in general, and not possible now."""

    code = "refused"
    title = "Refused"


class SlotUnavailable(Refused):
    """The slot cannot be booked; `alternatives` are open ones, nearest first.

    They are the next ones after it; where nothing is open later, the last ones before it.
    `reason` is a code that a client may know: busy, full, not_offered, notice, horizon, daily_limit,
    and refused, where the calendar would not take another time either. `reschedule_url` is where a
    booking is moved instead, if only its client can do that, at the calendar provider's page.
    `lasting` is False where something could not be learned just now: a repeat is judged anew.
    """

    code = "slot_unavailable"
    title = "The slot is not available"

    def __init__(
        self,
        reason: str,
        message: str,
        alternatives: Sequence[Slot] = (),
        *,
        reschedule_url: str | None = None,
        lasting: bool = True,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.alternatives = tuple(alternatives)
        self.reschedule_url = reschedule_url
        self.lasting = lasting

    def extensions(self) -> dict[str, Any]:
        told = {"reason": self.reason, "alternatives": self.alternatives}
        return told | ({"rescheduleUrl": self.reschedule_url} if self.reschedule_url else {})


class LinkNeeded(Refused):
    """The calendar account may not be booked directly; the client has to place the event itself (E2).

    `lasting` is False where that is so for a while only, such as near a limit of the provider's.
    """

    code = "link_needed"
    title = "The time has to be chosen at the calendar provider"

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting


# How `WrongState` puts into words what the tables of transitions call otherwise.
_ACTIONS: Mapping[str, str] = {
    "hold": "to keep its time",
    "offer link": "to offer a link for it",
    "record event": "to book the event",
    "start payment": "to pay for it",
    "confirm": "to confirm it",
    "expire": "to let it expire",
    "cancel": "to cancel it",
    "reschedule": "to move it",
    "complete": "to say that it took place",
    "mark no-show": "to say that the client did not come",
    "undo no-show": "to say that the client came after all",
    "record paid on site": "to record that it was paid at the meeting",
    "record returned on site": "to record that its money was given back by hand",
    "request a checkout": "to pay for it",
    "has to go back": "to give its money back",
    "paid": "to record that it was paid",
    "gone back": "to record that its money went back",
}
_STATES: Mapping[str, str] = {
    "NOT_REQUIRED": "free",
    "DUE": "not paid yet",
    "REQUESTED": "not paid yet",
    "PROCESSING": "waiting for the client's bank",
    "AUTHORISED": "paid by money that is only reserved so far",
    "VOIDED": "not paid",
    "FAILED": "failed",
    "REFUND_DUE": "waiting for a refund",
    "NO_SHOW": "missed by its client",
    "AWAITING_PAYMENT": "waiting for its payment",
    "AWAITING_SCHEDULING": "waiting for its time",
    "HELD": "not confirmed yet",
    "CONFIRMING": "being confirmed",
}


class WrongState(Refused):
    """The action is not legal in the state that the booking is in."""

    code = "wrong_state"
    title = "Not possible in this state"

    def __init__(self, action: str, state: str) -> None:
        is_now = _STATES.get(state) or state.lower().replace("_", " ")
        asked = _ACTIONS.get(action, f"to {action}")
        super().__init__(f"The booking is {is_now}, so it is not possible {asked}.")
        self.action, self.state = action, state

    def extensions(self) -> dict[str, Any]:
        return {"action": self.action, "state": self.state}


class HoldExpired(Refused):
    """The deadline of the hold passed before the client was done (B5)."""

    code = "hold_expired"
    title = "The hold has ended"

    def __init__(self) -> None:
        super().__init__("The time to confirm has passed and the slot is free again; choose one.")


class TooManyHolds(Refused):
    """Too many bookings wait for their client already (J3).

    `retry_after` is when the first of them ends, if nobody finishes or cancels one before.
    """

    code = "too_many_holds"
    title = "Too many bookings wait to be finished"
    retryable = True

    def __init__(self, message: str, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TermsForbid(Refused):
    """The session type's policy does not allow it (any more)."""

    code = "terms_forbid"
    title = "The terms do not allow it"


class PaymentsUnavailable(Refused):
    """Money is due, and no payment provider is set up."""

    code = "payments_unavailable"
    title = "Payments are not set up"


class ClientNeeded(Refused):
    """Somebody cannot be erased yet; each of `reasons` says what has to be ended first (J4)."""

    code = "client_needed"
    title = "This person is still needed"

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"End this first: {'; '.join(reasons)}.")
        self.reasons = tuple(reasons)

    def extensions(self) -> dict[str, Any]:
        return {"reasons": self.reasons}


class KeyReused(Refused):
    """The Idempotency-Key stands for another body (C9)."""

    code = "key_reused"
    title = "The Idempotency-Key was used for another request"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another body before; take a new key.")


class KeyInProgress(Refused):
    """Another request under the same Idempotency-Key takes too long (C9)."""

    code = "key_in_progress"
    title = "The first request is still running"

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key still runs; try again soon.")


class StaleBooking(BookingError):
    """Somebody else changed the booking in the same moment; reading it again and retrying is safe."""

    code = "stale_booking"
    title = "The booking was changed by somebody else"

    def __init__(self) -> None:
        super().__init__("The booking was changed in the same moment; read it again and retry.")


class StaleAccount(StaleBooking):
    """Somebody else changed the account, or took its address or sign-in, in the same moment."""

    code = "stale_account"
    title = "The account was changed by somebody else"

    def __init__(self) -> None:
        BookingError.__init__(self, "The account was changed in the same moment; try again.")


class StaleSchedule(BookingError):
    """The builder's hours are no longer those that the caller has read and built upon."""

    code = "stale_schedule"
    title = "The hours were changed meanwhile"

    def __init__(self) -> None:
        super().__init__("The hours were changed since they were read; look at them and retry.")


# ---- somebody else's fault ---------------------------------------------------------------------------


class ProviderFailed(BookingError):
    """A calendar, payment or mail provider did not do its part.

    `retryable` is False when the same call cannot succeed later (a refusal for good).
    """

    code = "provider_failed"
    title = "Not possible right now"

    def __init__(
        self, message: str, *, retryable: bool = True, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after


class NotSetUp(ProviderFailed):
    """A provider, or the database, cannot be used as it is set up: an operator has to change that."""

    code = "not_set_up"
    title = "The service is not set up"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class CheckoutRefused(ProviderFailed):
    """The payment provider will never open this checkout; there is none and there will be none."""

    code = "checkout_refused"
    title = "The payment provider refused the checkout"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class CaptureRefused(ProviderFailed):
    """The payment provider will never take this authorised money; the session falls with it."""

    code = "capture_refused"
    title = "The payment provider refused to take the money"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class UntrustedNotice(BookingError):
    """A notice whose signature, age or form does not prove that the provider sent it."""

    code = "untrusted_notice"
    title = "The notice is not trusted"
