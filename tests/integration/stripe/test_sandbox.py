"""Against Stripe's own sandbox, for who has a key of it: STRIPE_TEST_SECRET_KEY=sk_test_…

Nobody can pay at a hosted checkout without a browser, so this is the part of the contract that needs
no payment. Without a key there is nothing here to collect.
"""

from __future__ import annotations

import os
from uuid import uuid4

import pytest
from attrs import evolve

from adapters.memory import MemoryStore
from adapters.stripe_payments import StripePayments, build
from booking_core import Booking, BookingState, SystemClock
from booking_core.testing.contracts import CheckoutContract
from booking_core.testing.examples import a_paid_booking
from tests.integration.stripe.test_payments import soon

KEY = os.environ.get("STRIPE_TEST_SECRET_KEY")

if KEY:

    class TestSandbox(CheckoutContract):
        @pytest.fixture
        def gateway(self, socket_enabled: None) -> StripePayments:
            settings = {"STRIPE_SECRET_KEY": str(KEY), "STRIPE_WEBHOOK_SECRET": "whsec_unused"}
            return build(settings=settings, unit_of_work=MemoryStore(), clock=SystemClock())

        @pytest.fixture
        def booking(self) -> Booking:
            booking = a_paid_booking(BookingState.AWAITING_PAYMENT, id=f"bkg_{uuid4().hex}")
            attempts = tuple(evolve(each, expires_at=soon()) for each in booking.payment.attempts)
            booking.payment = evolve(booking.payment, attempts=attempts)
            return booking
