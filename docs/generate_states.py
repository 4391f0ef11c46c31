"""Writes docs/states.md from the tables of the domain: PYTHONPATH=src python docs/generate_states.py"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from booking_core import (
    EVENTS,
    PAYMENT_TRANSITIONS,
    STEPS,
    TRANSITIONS,
    BookingState,
    PaymentStatus,
)

Table = Mapping[tuple[Any, Any], tuple[Any, ...]]

BEFORE = """# States

Generated from the tables by `docs/generate_states.py`; a test compares. Anything that is not in a
table is refused by name (`WrongState`) when it is a command, and changes nothing when it is a fact
that a provider told us.
"""
BOOKING = """
## The booking

Kept in `domain/transitions.py`. `NEW` is before the first transition and never stored.
"""
PAYMENT = """
## The payment

Kept in `domain/payment.py`. A payment begins as `DUE`, or as `NOT_REQUIRED` without a price. Where
a row has several ends, what the provider holds decides.
"""


def document() -> str:
    """The whole text of docs/states.md."""
    booking = ((*row, EVENTS[row[1]].__name__) for row in _rows(TRANSITIONS))
    steps = ((state, step) for state, step in STEPS.items() if state is not BookingState.NEW)
    parts = (
        BEFORE,
        BOOKING,
        _table(("from", "on", "to", "event"), booking),
        _diagram(TRANSITIONS, (BookingState.NEW,)),
        "\nThe step of the flow that a client sees:\n",
        _table(("state", "step"), steps),
        PAYMENT,
        _table(("from", "on", "to"), _rows(PAYMENT_TRANSITIONS)),
        _diagram(PAYMENT_TRANSITIONS, (), (PaymentStatus.DUE, PaymentStatus.NOT_REQUIRED)),
    )
    return "".join(parts)


def _rows(table: Table) -> Iterator[tuple[Any, Any, Any]]:
    for (state, action), choices in table.items():
        yield from ((state, action, to) for to in choices)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _diagram(table: Table, hidden: tuple[StrEnum, ...], first: tuple[StrEnum, ...] = ()) -> str:
    """A mermaid diagram; a `hidden` state is drawn as the beginning."""
    labels: dict[tuple[str, str], list[str]] = {("[*]", state): [] for state in first}
    for state, action, to in _rows(table):
        labels.setdefault(("[*]" if state in hidden else state, to), []).append(action)
    arrows = (
        f"    {start} --> {end}" + (f" : {', '.join(names)}" if names else "")
        for (start, end), names in labels.items()
    )
    return "\n```mermaid\nstateDiagram-v2\n" + "\n".join(arrows) + "\n```\n"


if __name__ == "__main__":
    Path(__file__).with_name("states.md").write_text(document())
