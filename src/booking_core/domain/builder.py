"""Who offers session types (A9)."""

from __future__ import annotations

from datetime import timedelta

from attrs import field, frozen

from booking_core.domain.contact import Contact, stripped
from booking_core.domain.ids import BuilderId
from booking_core.domain.language import Language
from booking_core.domain.schedule import Schedule
from booking_core.domain.session_type import check_slug, invalid, slug_of

_LONGEST_REMINDER = timedelta(days=60)


@frozen(kw_only=True)
class Builder:
    """A mentor with a schedule.

    `reminders` are offsets before the start; `client_accounts` says whether a booking makes the
    client an account; `embed_sites` are the origins whose pages may embed the booking page.
    """

    id: BuilderId
    name: str = field(converter=stripped)
    slug: str = field()
    email: str = field(converter=stripped)
    schedule: Schedule
    headline: str = ""
    photo_url: str | None = None
    language: Language = field(default=Language.ENGLISH, converter=Language)
    reminders: tuple[timedelta, ...] = (timedelta(days=1),)
    client_accounts: bool = False
    embed_sites: tuple[str, ...] = ()
    calendar_account: str | None = None
    active: bool = True

    @slug.default
    def _slug(self) -> str:
        return slug_of(self.name)

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.name) <= 200:
            raise invalid("/name", "Give a name of 1 to 200 characters.")
        check_slug(self.slug)
        try:
            Contact(self.name, self.email)
        except Exception as wrong:
            raise invalid("/email", "Give an e-mail address such as ana@example.org.") from wrong
        if self.photo_url is not None and not self.photo_url.startswith(("https://", "/")):
            raise invalid("/photoUrl", "A photo is an https address or a path of this site.")
        if any(not site.startswith(("https://", "http://")) for site in self.embed_sites):
            raise invalid("/embedSites", "A site is an origin such as https://example.org.")
        if any(not timedelta(0) < offset <= _LONGEST_REMINDER for offset in self.reminders):
            raise invalid("/reminders", "A reminder comes up to 60 days before the start.")

    @property
    def timezone(self) -> str:
        """The IANA zone that the weekly hours are written in."""
        return self.schedule.timezone
