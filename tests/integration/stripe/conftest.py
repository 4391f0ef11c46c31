from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import frozen

from adapters.memory import MemoryStore
from adapters.stripe_payments import StripePayments, build
from booking_core import Attempt, SystemClock
from tests.simulators.stripe import Bank, StandIn


@pytest.fixture
def stand_in(socket_enabled: None) -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in
        assert stand_in.bank.violations == []


@pytest.fixture
def bank(stand_in: StandIn) -> Bank:
    return stand_in.bank


@pytest.fixture
def stripe_payments(stand_in: StandIn) -> StripePayments:
    return build(settings=stand_in.settings(), unit_of_work=MemoryStore(), clock=SystemClock())


@frozen
class ClientAtStripe:
    bank: Bank

    def pay(self, attempt: Attempt) -> None:
        self.bank.pay(attempt.checkout_id or "")

    def authorise(self, attempt: Attempt) -> None:
        self.bank.authorise(attempt.checkout_id or "")
