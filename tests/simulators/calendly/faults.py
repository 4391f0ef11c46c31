"""How a call goes wrong when a test asks for it."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase

from attrs import define, field


class Fault(Enum):
    """The first ones come instead of the work, the last ones after it."""

    UNAUTHENTICATED = "401"
    FORBIDDEN = "403 in Calendly's shape"
    EDGE_BLOCK = "403 of the edge, not JSON"
    NOT_FOUND = "404"
    CONFLICT = "409"
    SLOT_GONE = "400 already_filled"
    LIMIT = "429, over soon"
    LONG_LIMIT = "429, over in hours"
    ERROR_500 = "500"
    BAD_GATEWAY = "502, not JSON"
    DROP_BEFORE = "the connection breaks, nothing was done"

    DROP_AFTER = "it is done, and the connection breaks"
    ERROR_AFTER = "it is done, and answered with 500"
    EMPTY_AFTER = "it is done, and answered with a 2xx that says nothing"
    SLOW = "it is done, and answered late"

    @property
    def works_first(self) -> bool:
        return self in (Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.EMPTY_AFTER, Fault.SLOW)


@define
class _Ordered:
    pattern: str
    fault: Fault
    passes: int
    times: int


@define
class Faults:
    """`sim.faults.order("POST /invitees", Fault.DROP_AFTER)`; `*` stands for anything."""

    #: how late a SLOW answer is, in real seconds
    delay: float = 1.0
    _orders: list[_Ordered] = field(factory=list)

    def order(self, pattern: str, fault: Fault, *, nth: int = 1, times: int = 1) -> None:
        """From the nth matching call on, so many calls go wrong."""
        self._orders.append(_Ordered(pattern, fault, nth - 1, times))

    def clear(self) -> None:
        self._orders.clear()

    def of(self, method: str, path: str) -> Fault | None:
        """Every order that matches counts this call; the oldest that is due takes it."""
        found = None
        for order in list(self._orders):
            if not fnmatchcase(f"{method} {path}", order.pattern):
                continue
            if order.passes:
                order.passes -= 1
            elif found is None:
                found = order.fault
                order.times -= 1
        self._orders = [each for each in self._orders if each.times]
        return found
