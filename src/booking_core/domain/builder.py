"""Who offers session types (A9)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from booking_core.domain.checks import Kinds, a, check_kinds, invalid, listed, member, tuple_of
from booking_core.domain.contact import Contact, stripped
from booking_core.domain.ids import BuilderId
from booking_core.domain.language import Language
from booking_core.domain.schedule import Schedule
from booking_core.domain.session_type import check_slug, slug_of
from booking_core.domain.texts import check_line
from booking_core.domain.web_addresses import is_image, origin

_LONGEST_REMINDER = timedelta(days=60)
_QUOTED = 80  # characters of what is wrong


def _origins(sites: Any) -> tuple[str, ...]:
    """Each once, as browsers write it."""
    given = listed(sites)
    if not tuple_of(str)(given):
        raise invalid("/embedSites", "A site is an origin such as https://example.org.")
    return tuple(dict.fromkeys(map(_origin, given)))


def _origin(site: str) -> str:
    found = origin(site)
    if found is None:
        quoted = site[:_QUOTED]
        raise invalid(
            "/embedSites", f"'{quoted}' is no site; name an origin such as https://example.org."
        )
    return found


def _language(value: str) -> Language:
    return member(Language, value, "/language")


class SchedulingMode(StrEnum):
    """How clients come to their time (E2, E6)."""

    DIRECT = "direct"  # on our page, and we place the event
    LINK = "link"  # at the calendar provider's page
    EMBED = "embed"  # at that page too, shown within ours


def _mode(value: str) -> SchedulingMode:
    return member(SchedulingMode, value, "/schedulingMode")


_KINDS: Kinds = {
    "slug": ("/slug", a(str), "text"),
    "schedule": ("/schedule", a(Schedule), "a schedule"),
    "headline": ("/headline", a(str), "text"),
    "photo_url": ("/photoUrl", a(str | None), "an address, or null"),
    "reminders": ("/reminders", tuple_of(timedelta), "a list of times before the start"),
    "client_accounts": ("/clientAccounts", a(bool), "true or false"),
    "calendar_account": ("/calendarAccount", a(str | None), "text, or null"),
    "active": ("/active", a(bool), "true or false"),
}


@frozen(kw_only=True)
class Builder:
    """A mentor with a schedule.

    `reminders` are offsets before the start; `client_accounts` says whether a booking makes the
    client an account; `embed_sites` are the origins (scheme, host and port; of a longer address only
    these are kept) whose pages may embed the booking page. `photo_url` is an https address, or a path
    of our own site that ends as an image's does. The slug is made of the name, or of the id where that
    has no Latin letters.
    `scheduling_mode` becomes LINK by itself where the calendar account may not be booked directly.
    """

    id: BuilderId
    name: str = field(converter=stripped)
    slug: str = field()
    email: str = field(converter=stripped)
    schedule: Schedule
    headline: str = ""
    photo_url: str | None = None
    language: Language = field(default=Language.ENGLISH, converter=_language)
    reminders: tuple[timedelta, ...] = field(default=(timedelta(days=1),), converter=listed)
    client_accounts: bool = False
    scheduling_mode: SchedulingMode = field(default=SchedulingMode.DIRECT, converter=_mode)
    embed_sites: tuple[str, ...] = field(default=(), converter=_origins)
    calendar_account: str | None = None
    active: bool = True

    @slug.default
    def _slug(self) -> str:
        return slug_of(self.name) or slug_of(self.id)

    def __attrs_post_init__(self) -> None:
        check_kinds(self, _KINDS)
        if not 1 <= len(self.name) <= 200:
            raise invalid("/name", "Give a name of 1 to 200 characters.")
        check_line(self.name, "/name")
        check_line(self.headline, "/headline")
        check_slug(self.slug)
        try:
            Contact(self.name, self.email)
        except Exception as wrong:
            raise invalid("/email", "Give an e-mail address such as ana@example.org.") from wrong
        if self.photo_url is not None and not is_image(self.photo_url):
            raise invalid(
                "/photoUrl",
                "A photo is an https address, or the path of an image here: /photos/robin.jpg.",
            )
        if any(not timedelta(0) < offset <= _LONGEST_REMINDER for offset in self.reminders):
            raise invalid("/reminders", "A reminder comes up to 60 days before the start.")

    def sites_under(self, public_url: str) -> tuple[str, ...]:
        """The `embed_sites` that count where our pages are at that address.

        Where that is https, a page of plain http is none: anybody on the way to it may have written it.
        """
        secure = public_url.startswith("https:")
        return tuple(each for each in self.embed_sites if each.startswith("https:") or not secure)

    @property
    def timezone(self) -> str:
        """The IANA zone that the weekly hours are written in."""
        return self.schedule.timezone
