"""A calendar of a provider that posts its notices, and an application on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve
from dependency_injector import providers

from adapters.memory import MemoryCalendar
from booking_core import (
    CalendarNotice,
    CalendarNoticeReader,
    Clock,
    NoticeSubscriptions,
    Subscription,
    SystemClock,
    UntrustedNotice,
)
from entrypoints.container import Application, Container
from entrypoints.settings import Settings

SIGNATURE = "signed by the provider"


class PostingCalendar(MemoryCalendar, CalendarNoticeReader, NoticeSubscriptions):
    """The body of a notice is `message event [invitee]`, and the header `Signature` proves it."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock or SystemClock())
        self.subscribed: list[Subscription] = []
        self._made = 0

    def read(self, *, body: bytes, headers: Mapping[str, str]) -> CalendarNotice | None:
        if headers.get("Signature") != SIGNATURE:
            raise UntrustedNotice("The signature of the notice is not right.")
        message, event, *invitee = body.decode().split()
        return CalendarNotice(message, event, invitee[0] if invitee else None)

    def subscriptions(self) -> Sequence[Subscription]:
        with self._call("subscriptions"):
            return tuple(self.subscribed)

    def subscribe(self, *, url: str) -> Subscription:
        with self._call("subscribe"):
            for each in self.subscribed:
                if each.url == url and each.active:
                    return each
            self._made += 1
            uri = f"https://calendar.test/webhooks/{self._made}"
            made = Subscription(uri, url, True, self._clock.now())
            self.subscribed.append(made)
            return made

    def unsubscribe(self, *, uri: str) -> bool:
        kept = [each for each in self.subscribed if each.uri != uri]
        gone, self.subscribed = len(kept) < len(self.subscribed), kept
        return gone

    # ---- the provider's side ---------------------------------------------------------------------

    def fail(self) -> None:
        """What is posted is refused by us, or does not come through."""
        now = self._clock.now()
        self.subscribed = [evolve(each, failing_since=now) for each in self.subscribed]

    def give_up(self) -> None:
        """After a day of failures."""
        self.subscribed = [evolve(each, active=False) for each in self.subscribed]


def application_on(calendar: MemoryCalendar, settings: Settings) -> Application:
    container = Container(settings=settings)
    container.calendar.override(providers.Object(calendar))
    return container.application()
