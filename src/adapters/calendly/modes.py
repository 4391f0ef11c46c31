"""Whether an account may be booked directly, or has to be booked by its clients with a link (E2)."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from adapters.calendly.refusals import Refusal
from adapters.calendly.uris import id_in
from booking_core import Clock, LinkNeeded

#: How long a refusal stands, so that an upgrade is noticed.
_REMEMBERED = timedelta(hours=6)
#: A limit that is over sooner is waited for.
_SHORT = timedelta(minutes=2)
#: Nine tenths of what most plans allow; others book with the same limit.
_NEAR = (
    (9, timedelta(minutes=1)),
    (45, timedelta(hours=1)),
    (90, timedelta(days=1)),
)
#: What a refusal is remembered for when it is about our token: every account.
_EVERY = ""
_MESSAGE = "This time has to be chosen at the builder's Calendly page; use the link."


class BookingMode:
    """What is known of our token and of each account, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._lock = clock, Lock()
        self._posts: deque[datetime] = deque(maxlen=max(number for number, _ in _NEAR))
        self._links: dict[str, tuple[datetime, str, bool]] = {}

    def take(self, account: str) -> None:
        """Counts a booking call that is about to be made; near the limits and where the account is
        known not to allow it, raises LinkNeeded instead."""
        with self._lock:
            now = self._clock.now()
            for whose in (account, _EVERY):
                if self._refused(whose, now):
                    raise LinkNeeded(_MESSAGE, lasting=self._links[whose][2])
            if self._near(now):
                raise LinkNeeded(_MESSAGE, lasting=False)
            self._posts.append(now)

    def refused(self, account: str, refusal: Refusal) -> LinkNeeded | None:
        """What follows for this and the next bookings, if the refusal means a link; remembered."""
        if refusal.forbidden:
            scopes = ", ".join(refusal.lacking_scopes)
            why = f"the token lacks {scopes}" if scopes else "plan or role do not allow more"
            self._remember(_EVERY if scopes else account, why, _REMEMBERED, lasting=True)
        elif refusal.status == 429 and refusal.retry_after and refusal.retry_after > _SHORT:
            wait = min(refusal.retry_after, timedelta(days=1))
            self._remember(_EVERY, "the limit of booking calls is reached", wait, lasting=False)
        else:
            return None
        return LinkNeeded(_MESSAGE, lasting=refusal.forbidden)

    def described(self) -> str:
        """For the builder and for `doctor`."""
        with self._lock:
            now = self._clock.now()
            near = self._near(now)
            refused = {
                account: why
                for account in self._links
                if (why := self._refused(account, now)) is not None
            }
        reasons = [near] if near else []
        reasons += [
            f"{why} ({id_in(account, 'users')})" if account else why
            for account, why in refused.items()
        ]
        if not reasons:
            return "bookings are placed directly unless Calendly refuses that"
        return f"bookings go by link: {'; '.join(reasons)}"

    def _remember(self, account: str, why: str, how_long: timedelta, *, lasting: bool) -> None:
        with self._lock:
            self._links[account] = (self._clock.now() + how_long, why, lasting)

    def _refused(self, account: str, now: datetime) -> str | None:
        until, why, _ = self._links.get(account, (now, "", False))
        return why if now < until else None

    def _near(self, now: datetime) -> str | None:
        for number, stretch in _NEAR:
            if sum(now - post < stretch for post in self._posts) >= number:
                return f"{number} were placed within {_length(stretch)}"
        return None


def _length(stretch: timedelta) -> str:
    return {60: "a minute", 3600: "an hour"}.get(int(stretch.total_seconds()), "a day")
