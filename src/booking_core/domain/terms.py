"""What a session type promises about cancelling: until when, and how much money goes back (D4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import field, frozen

from booking_core.domain.errors import InvalidRequest
from booking_core.domain.money import Money, step

_NO_NOTICE = timedelta(0)


@frozen
class RefundStep:
    """`percent` of the price goes back when the cancellation comes at least `notice` before the start."""

    notice: timedelta
    percent: int

    def __attrs_post_init__(self) -> None:
        if self.notice < _NO_NOTICE or not 0 <= self.percent <= 100:
            raise InvalidRequest("A refund step has a notice of zero or more and 0 to 100 percent.")


def _longest_notice_first(steps: Iterable[RefundStep]) -> tuple[RefundStep, ...]:
    return tuple(sorted(steps, key=lambda step: step.notice, reverse=True))


@frozen
class CancellationPolicy:
    """The terms for clients; a builder or an admin may always cancel, and the client is paid back.

    `change_notice` is how long before the start a client may still cancel or reschedule. Of the refund
    steps the first that still holds counts, the longest notice first, and nothing goes back once none
    does; with no steps at all everything goes back (D4).
    """

    change_notice: timedelta = field(default=_NO_NOTICE)
    refunds: tuple[RefundStep, ...] = field(
        default=(RefundStep(_NO_NOTICE, 100),), converter=_longest_notice_first
    )

    def __attrs_post_init__(self) -> None:
        if self.change_notice < _NO_NOTICE:
            raise InvalidRequest("The notice for changes is zero or more.")

    def client_may_change(self, *, start: datetime, now: datetime) -> bool:
        return start - now >= self.change_notice and now < start

    @property
    def promised(self) -> tuple[RefundStep, ...]:
        """The steps as a client is told them: the longest notice first, and each gives something back.

        A step whose notice is shorter than that for changes ends with it, and what says the same as the
        next one, or gives nothing back in the end, is left out.
        """
        steps: list[RefundStep] = []
        for each in self.refunds or (RefundStep(_NO_NOTICE, 100),):
            notice = max(each.notice, self.change_notice)
            if steps and steps[-1].notice == notice:
                continue
            if steps and steps[-1].percent == each.percent:
                steps.pop()
            steps.append(RefundStep(notice, each.percent))
        return tuple(steps[:-1] if steps[-1].percent == 0 else steps)

    def kept(self, price: Money, *, start: datetime, now: datetime) -> Money:
        """How much of `price` the builder may keep when the client cancels at `now`."""
        late = 0 if self.refunds else 100
        percent = next((s.percent for s in self.refunds if start - now >= s.notice), late)
        back = _payable(price.percent(percent))
        return Money(max(0, price.amount - back), price.currency)


def _payable(back: Money) -> int:
    """No finer than can be paid out; the rest is the client's."""
    finest = step(back.currency)
    return -(-back.amount // finest) * finest
