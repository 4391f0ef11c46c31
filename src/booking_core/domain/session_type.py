"""What can be booked (A1, A3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from attrs import Attribute, field, frozen

from booking_core.domain.availability import SlotRules
from booking_core.domain.checks import Kinds, a, check_kinds, invalid, listed, member, tuple_of
from booking_core.domain.contact import stripped
from booking_core.domain.ids import BuilderId, PathwayId, SessionTypeId
from booking_core.domain.money import Money
from booking_core.domain.questions import Question
from booking_core.domain.terms import CancellationPolicy
from booking_core.domain.texts import check_line, check_text

_MINUTE = timedelta(minutes=1)
_LONGEST_SESSION = timedelta(hours=24)
_LONGEST_HORIZON = timedelta(days=366 * 2)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Category(StrEnum):
    """The three kinds of session (A1)."""

    FREE = "free"
    PATHWAY = "pathway"
    SPECIALIZED = "specialized"

    @property
    def requires_auth_by_default(self) -> bool:
        """Signing in is a field of the session type; the category only sets its default (A1)."""
        return self is Category.PATHWAY


class LocationKind(StrEnum):
    """How the place of a session is given (A3)."""

    VIDEO = "video"
    PHONE = "phone"
    ADDRESS = "address"
    ASK_CLIENT = "ask_client"
    PROVIDER = "provider"


@frozen
class Location:
    """Where a session takes place. `text` is the link, number or address, where the kind has one."""

    kind: LocationKind = field(default=LocationKind.PROVIDER, converter=LocationKind)
    text: str = ""


@frozen
class CalendarRef:
    """The provider's event type that stands behind a session type.

    `account` is whose it was when a booking was begun, empty for the service's own; that of the builder,
    whichever it is, where it is None.
    """

    event_type_id: str
    event_type_uri: str
    account: str | None = None


def slug_of(text: str) -> str:
    """A name for addresses: lower case letters, digits and single hyphens; accents are dropped."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:80].strip("-")


def check_slug(slug: str) -> None:
    """Raises InvalidRequest unless the text can stand in an address."""
    if not _SLUG.fullmatch(slug) or len(slug) > 80:
        raise invalid("/slug", "A slug is made of lower case letters, digits and single hyphens.")


def _between(pointer: str, least: timedelta, most: timedelta):  # type: ignore[no-untyped-def]
    def check(_: object, __: Attribute[Any], value: Any) -> None:
        if not isinstance(value, timedelta) or not least <= value <= most or value % _MINUTE:
            raise invalid(
                pointer,
                f"Give whole minutes from {least // _MINUTE} to {most // _MINUTE}.",
            )

    return check


def _category(value: str) -> Category:
    return member(Category, value, "/category")


_KINDS: Kinds = {
    "slug": ("/slug", a(str), "text"),
    "description": ("/description", a(str), "text"),
    "pathways": ("/pathways", tuple_of(str), "a list of pathways"),
    "requires_auth": ("/requiresAuth", a(bool), "true or false"),
    "price": ("/price", a(Money | None), "an amount of money, or null"),
    "capacity": ("/capacity", a(int), "a whole number"),
    "questions": ("/questions", tuple_of(Question), "a list of questions"),
    "display_order": ("/displayOrder", a(int), "a whole number"),
    "active": ("/active", a(bool), "true or false"),
    "calendar_ref": ("/calendarRef", a(CalendarRef | None), "an event type, or null"),
    "location": ("/location", a(Location), "a location"),
    "daily_limit": ("/dailyLimit", a(int | None), "a whole number, or null"),
    "cancellation_policy": ("/cancellationPolicy", a(CancellationPolicy), "the terms"),
}


@frozen(kw_only=True)
class SessionType:
    """One thing that a builder offers.

    All durations are whole minutes. `buffer_before` and `buffer_after` keep the builder's time
    free around a session; `minimum_notice` and `horizon`, the longer one, bound how soon and how far
    ahead a start may lie, seen from now; `slot_step` is the distance between starts (the duration
    when None); `daily_limit` is the number of meetings of this type on one day of the builder's zone.
    `synced` holds a mark of each attribute as the calendar provider last said it (A6).
    The slug is made of the title, or of the id where the title has no Latin letters.
    """

    id: SessionTypeId
    builder_id: BuilderId
    title: str = field(converter=stripped)
    slug: str = field()
    description: str = ""
    category: Category = field(default=Category.FREE, converter=_category)
    pathways: tuple[PathwayId, ...] = field(default=(), converter=listed)
    requires_auth: bool = field()
    duration: timedelta = field(
        default=30 * _MINUTE,
        validator=_between("/durationMinutes", 5 * _MINUTE, _LONGEST_SESSION),
    )
    slot_step: timedelta | None = None
    price: Money | None = None
    capacity: int = 1
    questions: tuple[Question, ...] = field(default=(), converter=listed)
    display_order: int = 0
    active: bool = True
    calendar_ref: CalendarRef | None = None
    location: Location = Location()
    buffer_before: timedelta = field(
        default=0 * _MINUTE, validator=_between("/buffers/before", 0 * _MINUTE, _LONGEST_SESSION)
    )
    buffer_after: timedelta = field(
        default=0 * _MINUTE, validator=_between("/buffers/after", 0 * _MINUTE, _LONGEST_SESSION)
    )
    minimum_notice: timedelta = field(
        default=0 * _MINUTE, validator=_between("/minimumNotice", 0 * _MINUTE, _LONGEST_HORIZON)
    )
    horizon: timedelta = field(
        default=timedelta(days=60), validator=_between("/horizon", _MINUTE, _LONGEST_HORIZON)
    )
    daily_limit: int | None = None
    cancellation_policy: CancellationPolicy = CancellationPolicy()
    synced: Mapping[str, str] = field(factory=dict, hash=False)

    @requires_auth.default
    def _requires_auth(self) -> bool:
        return self.category.requires_auth_by_default

    @slug.default
    def _slug(self) -> str:
        return slug_of(self.title) or slug_of(self.id)

    def __attrs_post_init__(self) -> None:
        check_kinds(self, _KINDS)
        if not 1 <= len(self.title) <= 200:
            raise invalid("/title", "Give a title of 1 to 200 characters.")
        check_line(self.title, "/title")
        check_text(self.description, "/description")
        check_text(self.location.text, "/location/text")
        check_slug(self.slug)
        if (self.category is Category.PATHWAY) != bool(self.pathways):
            raise invalid("/pathways", "A pathway session names its pathways; others name none.")
        if not 1 <= self.capacity <= 1_000:
            raise invalid("/capacity", "The capacity is a number from 1 to 1000.")
        if self.daily_limit is not None and not 1 <= self.daily_limit <= 1_000:
            raise invalid("/dailyLimit", "The daily limit is 1 to 1000, or null for none.")
        if self.slot_step is not None:
            _between("/slotStep", 5 * _MINUTE, _LONGEST_SESSION)(self, None, self.slot_step)
        if self.horizon <= self.minimum_notice:
            raise invalid("/horizon", "The horizon is longer than the minimum notice.")
        if self.price is not None and self.price.amount == 0:
            raise invalid("/price", "A free session has no price; leave it out.")
        if len({question.id for question in self.questions}) != len(self.questions):
            raise invalid("/questions", "Two questions have the same id.")

    @property
    def free(self) -> bool:
        return self.price is None

    @property
    def calls_client(self) -> bool:
        """The builder calls under a number that a calendar provider wants to know beforehand."""
        called = self.location.kind is LocationKind.PHONE and not self.location.text
        return called and self.calendar_ref is not None

    @property
    def rules(self) -> SlotRules:
        """The part of the session type that the availability engine works with."""
        return SlotRules(
            session_type=self.id,
            duration=self.duration // _MINUTE,
            step=(self.slot_step or self.duration) // _MINUTE,
            buffer_before=self.buffer_before // _MINUTE,
            buffer_after=self.buffer_after // _MINUTE,
            minimum_notice=self.minimum_notice // _MINUTE,
            horizon=self.horizon // _MINUTE,
            daily_limit=self.daily_limit,
            capacity=self.capacity,
        )


def with_category(
    changes: Mapping[str, Any], before: SessionType | None = None
) -> Mapping[str, Any]:
    """The changes, by which what costs money is not of the category free (A1).

    Where a price is given and no category is chosen, it becomes specialized.

    Raises:
        InvalidRequest: the category free is chosen for what costs money.
    """
    price = changes.get("price", before.price if before else None)
    category = changes.get("category", before.category if before else Category.FREE)
    told = "price" in changes or "category" in changes
    if price is None or category != Category.FREE or not told:
        return changes
    if "category" in changes:
        raise invalid("/category", "What costs money is not free: choose specialized, or pathway.")
    return {**changes, "category": Category.SPECIALIZED}
