from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import Any, Protocol

from attrs import frozen


@frozen
class InboxKey:
    """One message that may come more than once: a client's repeat or a provider's notice.

    `scope` is where it came in and whose it is; `fingerprint` tells another body under the same key.
    """

    scope: str
    value: str
    fingerprint: str


class Inbox(Protocol):
    """Remembers what was answered, until it is told to forget, in the transaction of the change."""

    @abstractmethod
    def open(self, *, key: InboxKey, now: datetime) -> dict[str, Any] | None:
        """The stored answer, or None when the message is new; it is then ours until the commit.

        Waits for another one that is handling the same message.

        Raises:
            KeyReused: the key came with another fingerprint before.
            KeyInProgress: the other one takes too long.
        """

    @abstractmethod
    def answer(self, *, key: InboxKey, answer: dict[str, Any]) -> None:
        """Stores the answer (plain JSON values, no secrets) of the message opened in this unit of work.

        One that was stored before is replaced.
        """

    @abstractmethod
    def forget(self, *, before: datetime, limit: int = 1000) -> int:
        """Forgets messages that were opened before then, the oldest first; how many.

        Those that somebody is handling are left out.
        """
