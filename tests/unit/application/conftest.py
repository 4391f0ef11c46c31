"""What journeys with money have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.application.paying import Shop
from tests.unit.application.told_of_money import BothWriters, check


@pytest.fixture
def mails_agree_with_the_books(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After the journey: what its mails say of money is what the provider's books show."""
    opened: list[tuple[Shop, BothWriters]] = []
    real = Shop.open

    def recorded(**options: Any) -> Shop:
        mails = BothWriters()
        opened.append((real(**{"mail_writer": mails} | options), mails))
        return opened[-1][0]

    monkeypatch.setattr(Shop, "open", recorded)
    yield
    for shop, mails in opened:
        check(shop, mails)
