"""Our own subscription to the calendar provider's notices (E4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from attrs import define, field

from booking_core import BookingError, NoticeSubscriptions, Subscription

if TYPE_CHECKING:
    from entrypoints.metrics import Metrics

#: Where Calendly posts to.
CALENDLY = "/api/webhooks/calendly"

_log = structlog.get_logger("booking.notices")


@define
class OwnNotices:
    """What the provider posts to our address `url`."""

    subscriptions: NoticeSubscriptions
    url: str
    metrics: Metrics
    #: Taken away to be made anew, and that failed.
    _lost: bool = field(default=False, init=False)

    def own(self) -> Sequence[Subscription]:
        return [each for each in self.subscriptions.subscriptions() if each.url == self.url]

    def register(self) -> Subscription:
        return self.subscriptions.subscribe(url=self.url)

    def remove(self) -> int:
        """How many there were."""
        return sum(self.subscriptions.unsubscribe(uri=each.uri) for each in self.own())

    def rotate(self) -> Subscription:
        """Makes it anew, so that it is signed with the first of our keys.

        The provider allows one for an address, so the old one goes first; `watch` makes up for a
        second call that failed.
        """
        self._lost = self.remove() > 0 or self._lost
        made = self.register()
        self._lost = False
        return made

    def watch(self) -> bool:
        """Makes it anew where the provider gave it up, as it does after a day of failures.

        Whether it did. What nobody registered stays so, and what fails is for the next look.
        """
        try:
            own = self.own()
            active = any(each.active for each in own)
            self.metrics.notices(active=active)
            if active or not (own or self._lost):
                return False
            _log.warning("the provider had stopped its notices", url=self.url)
            self.rotate()
            self.metrics.notices(active=True)
        except BookingError as failed:
            _log.warning("the provider's notices are not looked after", error=failed.message)
            return False
        return True
