"""What a builder says of itself as fields of a form, and which of them were changed in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Self

from attrs import evolve, frozen
from werkzeug.datastructures import MultiDict

from booking_core import Builder, FieldError, InvalidRequest, in_largest_unit
from entrypoints.web.schemas import LONGEST, MOST_REMINDERS, MOST_SITES
from entrypoints.web.words import N_, _

Reminder = tuple[str, str]  # how many, of what

UNITS = {"days": timedelta(days=1), "hours": timedelta(hours=1), "minutes": timedelta(minutes=1)}
_BETWEEN = re.compile(r"[\s,;]+")
_QUOTED = 80  # characters of what is wrong
_ROWS = 3  # of reminders, at least; one of them is always free


@frozen
class ProfileForm:
    """What the fields hold, by their names in the API: texts, and `reminders`."""

    fields: Mapping[str, Any]

    @classmethod
    def of(cls, builder: Builder) -> Self:
        return cls(
            {
                "name": builder.name,
                "slug": builder.slug,
                "headline": builder.headline,
                "photoUrl": builder.photo_url or "",
                "email": builder.email,
                "language": builder.language.value,
                "clientAccounts": "on" if builder.client_accounts else "",
                "embedSites": "\n".join(builder.embed_sites),
                "reminders": tuple(map(_in_units, builder.reminders)),
            }
        )

    @classmethod
    def read(cls, given: MultiDict[str, str], before: str = "") -> Self:
        """What was sent, as it was typed, of the fields whose names begin with `before`."""
        numbers, units = (given.getlist(f"{before}{each}") for each in ("number", "unit"))
        reminders = ((number.strip(), unit) for number, unit in zip(numbers, units, strict=False))
        texts = {name: given.get(f"{before}{name}", "") for name in _READERS}
        return cls(
            {name: text.replace("\r\n", "\n") for name, text in texts.items()}
            | {"reminders": tuple(each for each in reminders if each[0])}
        )

    @property
    def rows(self) -> tuple[Reminder, ...]:
        """The reminders, and rows for more."""
        given: tuple[Reminder, ...] = self.fields["reminders"]
        return given + (("", "hours"),) * max(1, _ROWS - len(given))

    def changes(self, shown: Self, builder: Builder) -> dict[str, Any]:
        """What is other than was shown, as attributes of the builder.

        Raises InvalidRequest, with all that is wrong; what was not changed is not looked at.
        """
        changes: dict[str, Any] = {}
        wrong: list[FieldError] = []
        for name, (attribute, read) in _READERS.items():
            if self.fields[name] == shown.fields[name]:
                continue
            try:
                changes[attribute] = read(self.fields[name])
                evolve(builder, **{attribute: changes[attribute]})
            except InvalidRequest as problem:
                wrong.append(FieldError(f"/{name}", problem.message))
        if wrong:
            raise InvalidRequest(wrong[0].detail, wrong)
        return changes


def _in_units(offset: timedelta) -> Reminder:
    number, unit = in_largest_unit(offset)
    return str(number), f"{unit}s"


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise InvalidRequest(N_("Write at most 300 characters."))
    return text.strip()


def _offsets(reminders: tuple[Reminder, ...]) -> tuple[timedelta, ...]:
    """Each once, however it was told."""
    if len(reminders) > MOST_REMINDERS:
        raise InvalidRequest(N_("Give at most 20 reminders."))
    try:
        return tuple(dict.fromkeys(int(number) * UNITS[unit] for number, unit in reminders))
    except (ValueError, KeyError, OverflowError):
        raise InvalidRequest(N_("Give whole numbers, such as 1 day or 2 hours.")) from None


def _sites(text: str) -> tuple[str, ...]:
    """However somebody lists them."""
    sites = tuple(dict.fromkeys(each for each in _BETWEEN.split(text) if each))
    if len(sites) > MOST_SITES:
        raise InvalidRequest(N_("Name at most 50 sites."))
    for each in sites:
        if len(each) > LONGEST:
            line = each[:_QUOTED]
            raise InvalidRequest(_("This has more than 300 characters: %(line)s", line=line))
    return sites


_READERS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("name", str),
    "slug": ("slug", str.strip),
    "headline": ("headline", _short),
    "photoUrl": ("photo_url", lambda text: _short(text) or None),
    "email": ("email", str),
    "language": ("language", str),
    "reminders": ("reminders", _offsets),
    "clientAccounts": ("client_accounts", bool),
    "embedSites": ("embed_sites", _sites),
}
