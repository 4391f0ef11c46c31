from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Protocol

from attrs import frozen


@frozen
class CalendarNotice:
    """A hint from the calendar provider that something happened to an event.

    `message_id` tells repeats; the event is always read back and never believed from the notice.
    """

    message_id: str
    event_uri: str
    invitee_uri: str | None = None


class CalendarNoticeReader(Protocol):
    """Verifies and translates what a calendar provider posts to us."""

    @abstractmethod
    def read(self, *, body: bytes, headers: Mapping[str, str]) -> CalendarNotice | None:
        """The notice, or None when it is of a kind that does not concern us.

        Raises:
            UntrustedNotice: signature, age or form do not prove that the provider sent it.
        """
