"""Our own subscriptions to the calendar provider's notices (E4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from attrs import define, evolve, field

from booking_core import (
    Actor,
    BookingCore,
    BookingError,
    BuilderId,
    CalendarAccounts,
    NoticeSubscriptions,
    Subscription,
)

if TYPE_CHECKING:
    from entrypoints.metrics import Metrics

#: Where Calendly posts to.
CALENDLY = "/api/webhooks/calendly"

_log = structlog.get_logger("booking.notices")


@define
class OwnNotices:
    """What the provider posts to our address `url` about one account: the service's own."""

    subscriptions: NoticeSubscriptions
    url: str
    metrics: Metrics
    accounts: CalendarAccounts | None = None
    #: Taken away to be made anew, and that failed.
    _lost: bool = field(default=False, init=False)

    def of_builders(self) -> Mapping[BuilderId, OwnNotices]:
        """The same about the accounts that builders bound, where it has to be asked for.

        Each is posted to an address of its own, because a provider may take one only once.
        """
        found = self.accounts.notices() if self.accounts else {}
        return {builder_id: self._about(builder_id, each) for builder_id, each in found.items()}

    def of_builder(self, builder_id: BuilderId) -> OwnNotices | None:
        """The same about one account, also where it need not be asked for; None where none is bound."""
        found = self.accounts.notices_of(builder_id) if self.accounts else None
        return self._about(builder_id, found) if found else None

    def _about(self, builder_id: BuilderId, subscriptions: NoticeSubscriptions) -> OwnNotices:
        url = f"{self.url}?builder={quote(builder_id)}"
        return evolve(self, subscriptions=subscriptions, url=url, accounts=None)

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
        """Makes anew what the provider gave up, as it does after a day of failures; whether it did.

        What nobody registered stays so, and what fails is for the next look. Where the service's own
        stands, the accounts that builders bound since get theirs.
        """
        again = wanted = False
        try:
            own = self.own()
            active = any(each.active for each in own)
            self.metrics.notices(active=active)
            wanted = bool(own or self._lost)
            if wanted and not active:
                _log.warning("the provider had stopped its notices", url=self.url)
                self.rotate()
                self.metrics.notices(active=True)
                again = True
        except BookingError as failed:  # which stops no builder's
            _log.warning("the provider's notices are not looked after", error=failed.message)
        return any([again, *self._watch_bound(wanted)])

    def _watch_bound(self, wanted: bool) -> list[bool]:
        try:
            bound = self.of_builders()
        except BookingError as failed:
            _log.warning("builders' own accounts could not be asked for", error=failed.message)
            return []
        return [each._kept(builder_id, wanted) for builder_id, each in bound.items()]

    def _kept(self, builder_id: BuilderId, wanted: bool) -> bool:
        """Registers those of a builder's account where they are missing; whether it did."""
        try:
            own = self.own()
            if any(each.active for each in own) or not (own or wanted):
                return False
            self.register()
        except BookingError as failed:
            told = {"builder": builder_id, "error": failed.message}
            _log.warning("the notices of a builder's own account are not looked after", **told)
            return False
        _log.info("the notices of a builder's own account are registered", builder=builder_id)
        return True


def unbind(
    core: BookingCore, notices: OwnNotices | None, *, builder_id: BuilderId, actor: Actor
) -> bool:
    """Forgets the token of a builder's own account, and ends its notices if the provider lets us.

    Whether there was one. Raises as `UnbindCalendar`.
    """
    # Before the token is forgotten, and used only once the core said that the actor may.
    leaving = notices.of_builder(builder_id) if notices else None
    removed = core.unbind_calendar(builder_id=builder_id, actor=actor)
    if removed and leaving is not None:
        try:
            leaving.remove()
        except BookingError as failed:
            told = {"builder": builder_id, "error": failed.message}
            _log.warning("the notices of a builder's own account are not ended", **told)
    return removed
