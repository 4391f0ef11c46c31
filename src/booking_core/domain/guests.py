"""Who else comes along: the e-mail addresses of people whom the client brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from booking_core.domain.contact import address_of, problem_with_address
from booking_core.domain.errors import FieldError, InvalidRequest

#: As many as Calendly takes.
MOST_GUESTS = 10
_POINTER = "/clientDetails/guests"


def check_guests(given: Sequence[str], *coming: str) -> tuple[str, ...]:
    """The guests as they are kept: each once, and without those who are `coming` anyway.

    These are the addresses of the client and of the builder, who have mails and an entry of their own:
    a guest's entry would take the place of theirs.

    Raises InvalidRequest for each that is no address, and for more than MOST_GUESTS.
    """
    wrong = list(_problems(given))
    if wrong:
        raise InvalidRequest(wrong[0].detail, wrong)
    guests = _folded(given, coming)
    if len(guests) > MOST_GUESTS:
        message = f"Bring at most {MOST_GUESTS} guests."
        raise InvalidRequest(message, [FieldError(_POINTER, message)])
    return guests


def usable_guests(told: Iterable[str], client_email: str) -> tuple[str, ...]:
    """Of the guests that a provider tells, those whom we could have been told of ourselves."""
    usable = (each for each in told if problem_with_address(each.strip()) is None)
    return _folded(usable, [client_email])[:MOST_GUESTS]


def _problems(given: Sequence[str]) -> Iterator[FieldError]:
    for place, each in enumerate(given):
        if problem := problem_with_address(each.strip()):
            yield FieldError(f"{_POINTER}/{place}", problem)


def _folded(given: Iterable[str], coming: Iterable[str]) -> tuple[str, ...]:
    """By the address of each, as it was written first."""
    found: dict[str, str] = {}
    for each in given:
        found.setdefault(address_of(each), each.strip())
    for each in coming:
        found.pop(address_of(each), None)
    return tuple(found.values())
