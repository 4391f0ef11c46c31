from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from attrs import frozen


@frozen
class CalendarNotice:
    """A hint from the calendar provider that something happened to an event.

    `message_id` tells repeats; the event is always read back and never believed from the notice.
    """

    message_id: str
    event_uri: str
    invitee_uri: str | None = None


@runtime_checkable
class CalendarNoticeReader(Protocol):
    """Verifies and translates what a calendar provider posts to us."""

    @abstractmethod
    def read(self, *, body: bytes, headers: Mapping[str, str]) -> CalendarNotice | None:
        """The notice, or None when it is of a kind that does not concern us.

        Raises:
            UntrustedNotice: signature, age or form do not prove that the provider sent it.
        """


@frozen
class Subscription:
    """That the provider posts its notices to `url`; it stops by itself when it is not `active`.

    `failing_since` is since when none of them was taken, where the provider tells that.
    """

    uri: str
    url: str
    active: bool
    created_at: datetime
    failing_since: datetime | None = None


@runtime_checkable
class NoticeSubscriptions(Protocol):
    """What a calendar provider posts to whom. Every method may raise `ProviderFailed`."""

    @abstractmethod
    def subscriptions(self) -> Sequence[Subscription]:
        """All of our account, oldest first."""

    @abstractmethod
    def subscribe(self, *, url: str) -> Subscription:
        """Has everything that concerns us posted to `url`, signed with our present key.

        Where `url` is subscribed and active already, that one is answered.
        """

    @abstractmethod
    def unsubscribe(self, *, uri: str) -> bool:
        """Ends it; False when there was none."""
