"""A calendar of a provider that posts its notices, and an application on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from attrs import evolve
from dependency_injector import providers
from structlog.testing import capture_logs

from adapters.memory import MemoryCalendar
from booking_core import (
    Actor,
    CalendarNotice,
    CalendarNoticeReader,
    CalendarRef,
    Clock,
    NoticeSubscriptions,
    Subscription,
    SystemClock,
    UntrustedNotice,
)
from entrypoints.container import Application, Container
from entrypoints.settings import Settings

SIGNATURE = "signed by the provider"
TYPE, EVENT_TYPE = "getting-started", "https://calendar.test/event_types/et_1"


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


@contextmanager
def demo_on(calendar: MemoryCalendar) -> Iterator[Application]:
    """The starter catalogue in memory; one of its session types is an event type of the provider."""
    settings = {"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"}
    application = application_on(calendar, Settings.load(settings))
    application.seed()
    core, system = application.core, Actor.system()
    core.change_session_type(
        session_type_id=core.show_session_type(session_type=TYPE, actor=system).session_type.id,
        changes={"calendar_ref": CalendarRef("et_1", EVENT_TYPE)},
        actor=system,
    )
    with capture_logs():
        yield application
    application.close()
