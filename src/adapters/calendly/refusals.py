"""Calendly's errors, and what they are in our words; the one place that knows them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from attrs import frozen

from booking_core import ProviderFailed

_BUSY = timedelta(seconds=30)
_LONGEST_MESSAGE = 200
_ADDRESS = re.compile(r"\S+@\S+")


class CalendlyError(Exception):
    """A call that did not bring what it was made for. Never holds what was sent or a token."""

    #: Whether the work may have been done all the same.
    outcome_unknown = True


class Unreachable(CalendlyError):
    """No answer, or not in time; `sent` says whether the request may have got there."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(f"no answer from Calendly ({why})")
        self.outcome_unknown = sent


class NoCredentials(CalendlyError):
    """There is no token to call with: the consent was taken back, or has to be given anew."""

    outcome_unknown = False


class NotRenewed(CalendlyError):
    """No token could be had just now, so nothing was asked of Calendly yet."""

    outcome_unknown = False


class Unreadable(CalendlyError):
    """A 2xx that does not hold what it should."""


@frozen
class Detail:
    """One entry of `details`; its text may be in any language, so it is not kept."""

    parameter: str
    code: str


class Refusal(CalendlyError):
    """An answer other than 2xx."""

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any] | None,
        retry_after: timedelta | None = None,
        *,
        advice: str = "look at the token",
    ) -> None:
        #: None: not JSON, so it is the edge in front of Calendly that answers
        self.body = body
        self.status, self.retry_after = status, retry_after
        #: what to do where it is about the token
        self.advice = advice
        self.details = _details(body)
        super().__init__(self.reason)

    @property
    def outcome_unknown(self) -> bool:  # type: ignore[override]
        return self.status >= 500

    @property
    def title(self) -> str:
        return str((self.body or {}).get("title", ""))

    @property
    def reason(self) -> str:
        """For logs: where it hurts, without what was sent."""
        where = [f"{each.parameter or '?'}: {each.code or 'no code'}" for each in self.details]
        message = str((self.body or {}).get("message", ""))[:_LONGEST_MESSAGE]
        told = where or [_ADDRESS.sub("[address]", message) or "nothing said"]
        return f"{self.status} {', '.join([self.title or 'no title', *told])}"

    @property
    def by_the_edge(self) -> bool:
        return self.status == 403 and self.body is None

    @property
    def lacking_scopes(self) -> tuple[str, ...]:
        scopes = (self.body or {}).get("required_scopes")
        return tuple(map(str, scopes)) if isinstance(scopes, list) else ()

    @property
    def forbidden(self) -> bool:
        """By plan, scope or right; what the edge says is another thing."""
        return self.status == 403 and not self.by_the_edge

    @property
    def slot_taken(self) -> bool:
        """Told by code, then by the end of the parameter, never by words."""
        return self.status == 409 or (
            self.status == 400
            and any(
                each.code == "already_filled" or each.parameter.endswith("start_time")
                for each in self.details
            )
        )


def _details(body: Mapping[str, Any] | None) -> tuple[Detail, ...]:
    given = (body or {}).get("details")
    return tuple(
        Detail(str(each.get("parameter") or ""), str(each.get("code") or ""))
        for each in (given if isinstance(given, list) else ())
        if isinstance(each, dict)
    )


@contextmanager
def told_as_failures() -> Iterator[None]:
    """Raises ProviderFailed instead of anything of Calendly's."""
    try:
        yield
    except CalendlyError as error:
        raise failure_of(error) from error


def failure_of(error: CalendlyError) -> ProviderFailed:
    if isinstance(error, NoCredentials):
        return ProviderFailed(f"Calendly has to be connected again: {error}.", retryable=False)
    if not isinstance(error, Refusal):
        return ProviderFailed(
            "Calendly cannot be reached, or did not answer as it should.",
            retry_after=_BUSY if error.outcome_unknown or isinstance(error, NotRenewed) else None,
        )
    if error.status == 429:
        return ProviderFailed(
            "Calendly asks us to slow down.", retry_after=error.retry_after or _BUSY
        )
    if error.status >= 500 or error.status == 424 or error.by_the_edge:
        wait = error.retry_after or _BUSY
        return ProviderFailed(f"Calendly failed ({error.status}).", retry_after=wait)
    return ProviderFailed(_advice(error), retryable=False)


def _advice(refusal: Refusal) -> str:
    if refusal.status == 401:
        return f"Calendly refuses our token; {refusal.advice}."
    if refusal.lacking_scopes:
        scopes = ", ".join(refusal.lacking_scopes)
        return f"The Calendly token lacks the scope {scopes}; make one that has it."
    if refusal.status == 403:
        return (
            "Calendly does not allow that to the owner of our token; look at role and plan. An account"
            " of another organization has to be bound by its builder."
        )
    if refusal.status == 404:
        return "Calendly does not know what it was asked about; it may have been deleted there."
    return f"Calendly refused the request for good ({refusal.reason})."
