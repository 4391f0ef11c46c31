from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from adapters.stripe_payments import notices, standings
from adapters.stripe_payments.account import Account
from adapters.stripe_payments.amounts import to_stripe
from adapters.stripe_payments.failures import (
    answered_for_good,
    asked_otherwise_before,
    refused_checkouts,
    told_as_failures,
    whatever_its_state,
)
from booking_core import (
    Attempt,
    BookingId,
    CaptureRefused,
    Checkout,
    CheckoutRefused,
    CheckoutState,
    Clock,
    Health,
    PaymentGateway,
    PaymentNotice,
    PaymentNoticeReader,
    ProviderFailed,
    Standing,
)

_UNKNOWN = Standing(state=CheckoutState.UNKNOWN)
_LONGEST_CHECKOUT = timedelta(hours=24)
_EVENTS_KEPT = timedelta(days=30)
_log = logging.getLogger("booking.stripe")


class StripePayments(PaymentGateway, PaymentNoticeReader):
    """Stripe Checkout: cards are authorised and captured later, other methods pay at once.

    Nothing is believed but what is read back. Every call has a key made from the attempt's, so a
    repeat does nothing twice; a refund also looks for its own key first, because Stripe forgets
    keys after a day.
    """

    on_site = False

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account, self._clock = account, clock

    @property
    def shortest_deadline(self) -> timedelta:
        return timedelta(minutes=32)  # 30 by Stripe's clock when it gets the request

    # ---- a checkout --------------------------------------------------------------------------------

    def request(self, *, booking_id: BookingId, attempt: Attempt) -> Checkout:
        try:
            session = self._open(booking_id, attempt)
        except ProviderFailed as failed:
            if not answered_for_good(failed):
                raise
            session = self._opened_unheard(attempt, failed)
        return Checkout(session.id, session.url or attempt.return_url)

    def _open(self, booking_id: BookingId, attempt: Attempt) -> Any:
        amount = to_stripe(attempt.price.amount, attempt.price.currency)
        ours = {"booking_id": booking_id, "attempt": attempt.key}
        product: Any = {"name": attempt.title}
        with refused_checkouts():
            return self._v1.checkout.sessions.create(
                params={
                    "mode": "payment",
                    "line_items": [
                        {
                            "price_data": {
                                "currency": attempt.price.currency.lower(),
                                "unit_amount": amount,
                                "product_data": product,
                            },
                            "quantity": 1,
                        }
                    ],
                    "client_reference_id": booking_id,
                    "metadata": ours,
                    # Not copied by Stripe, and what charges and disputes can be found by.
                    "payment_intent_data": {"metadata": ours},
                    "payment_method_options": {"card": {"capture_method": "manual"}},
                    "customer_email": attempt.email,
                    "success_url": attempt.return_url,
                    "cancel_url": attempt.turned_back_url,
                    "expires_at": int(attempt.expires_at.timestamp()),
                    "locale": attempt.language,
                },
                options={"idempotency_key": attempt.key},
            )

    def _opened_unheard(self, attempt: Attempt, failed: ProviderFailed) -> Any:
        """The session that an internal error hid from us; asking again would tell nothing new."""
        earliest = int((attempt.expires_at - _LONGEST_CHECKOUT).timestamp())
        with told_as_failures():
            sessions = self._v1.checkout.sessions.list(
                params={"created": {"gte": earliest}, "limit": 100}
            )
            for session in sessions.auto_paging_iter():
                if session.metadata and session.metadata.to_dict().get("attempt") == attempt.key:
                    return session
        if self._clock.now() < attempt.expires_at:
            raise failed
        raise CheckoutRefused("Stripe never opened this checkout, and it is too late now.")

    def expire(self, *, attempt: Attempt) -> Standing:
        with whatever_its_state():
            self._v1.checkout.sessions.expire(
                attempt.checkout_id or "", options={"idempotency_key": f"{attempt.key}:expire"}
            )
        return self.standing(attempt=attempt)

    # ---- its money ---------------------------------------------------------------------------------

    def capture(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        standing, intent = self._look(attempt)
        if standing.state is not CheckoutState.AUTHORISED:
            return standing
        with whatever_its_state():
            self._v1.payment_intents.capture(
                intent.id,
                params={"amount_to_capture": to_stripe(amount, attempt.price.currency)},
                options={"idempotency_key": key},
            )
        after = self.standing(attempt=attempt)
        if after.state is CheckoutState.AUTHORISED:  # so it was not for being too late
            raise CaptureRefused("Stripe refuses to take the money.")
        return after

    def void(self, *, attempt: Attempt, key: str) -> Standing:
        standing, intent = self._look(attempt)
        if standing.state is not CheckoutState.AUTHORISED:
            return standing
        with whatever_its_state():
            self._v1.payment_intents.cancel(intent.id, options={"idempotency_key": key})
        return self.standing(attempt=attempt)

    def refund(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        try:
            self._refund_unless_known(attempt, amount, key, key)
        except ProviderFailed as failed:
            if not asked_otherwise_before(failed):
                raise
            # That one came to nothing, or it would be found; since then another amount is missing.
            self._refund_unless_known(attempt, amount, key, f"{key}:{amount}")
        return self.standing(attempt=attempt)

    def _refund_unless_known(self, attempt: Attempt, amount: int, key: str, asked_by: str) -> None:
        """`key` is how it is found again, `asked_by` is Stripe's own key of the request."""
        standing, intent = self._look(attempt)
        if key in standing.refunds or key in standing.failed_refunds:
            return
        if standing.state is not CheckoutState.PAID or amount > standing.held:
            message = "More cannot be given back than is held; the payment may be disputed."
            raise ProviderFailed(message, retryable=False)
        booking = intent.metadata["booking_id"]
        with told_as_failures():
            self._v1.refunds.create(
                params={
                    "payment_intent": intent.id,
                    "amount": to_stripe(amount, attempt.price.currency),
                    "metadata": {"key": key, "booking_id": booking},
                },
                options={"idempotency_key": asked_by},
            )

    def standing(self, *, attempt: Attempt) -> Standing:
        return self._look(attempt)[0]

    def _look(self, attempt: Attempt) -> tuple[Standing, Any]:
        """How the attempt stands, and Stripe's PaymentIntent, if there is one."""
        if attempt.checkout_id is None:
            return _UNKNOWN, None
        with told_as_failures():
            session = self._v1.checkout.sessions.retrieve(
                attempt.checkout_id, params={"expand": ["payment_intent"]}
            )
            intent: Any = session.payment_intent
            state = standings.state_of(session)
            if state is not CheckoutState.PAID or intent is None:
                return Standing(state=state), intent
            refunds = self._v1.refunds.list(params={"payment_intent": intent.id, "limit": 100})
            disputes = self._v1.disputes.list(params={"payment_intent": intent.id})
        currency = attempt.price.currency
        return standings.paid(session, refunds.data, disputes.data, currency), intent

    def health(self) -> Health:
        try:
            with told_as_failures():
                self._v1.checkout.sessions.list(params={"limit": 1})
        except ProviderFailed as failed:
            return Health(ok=False, detail=failed.message)
        kind = "live" if self._account.live else "test"
        return Health(ok=True, detail=f"Stripe answers, {kind} mode")

    # ---- notices -----------------------------------------------------------------------------------

    def read(self, *, body: bytes, headers: Mapping[str, str]) -> PaymentNotice | None:
        event = notices.verified(body, headers, self._account, self._clock.now())
        return self._notice(event)

    def missed(self, *, since: datetime) -> Iterable[PaymentNotice]:
        """Stripe keeps events for 30 days; of what is older a warning tells, and the poll finds it."""
        since = self._kept(since)
        with told_as_failures():
            found = self._v1.events.list(
                params={
                    "delivery_success": False,
                    "created": {"gte": int(since.timestamp())},
                    "types": sorted(notices.KINDS),
                    "limit": 100,
                }
            )
            events = [each.to_dict() for each in found.auto_paging_iter()]
        noticed = (self._notice(event) for event in reversed(events))
        return [notice for notice in noticed if notice is not None]

    def _kept(self, since: datetime) -> datetime:
        oldest = self._clock.now() - _EVENTS_KEPT
        if since < oldest - timedelta(minutes=1):  # who asks for just these days is not told off
            _log.warning(
                "Stripe keeps events for %d days: what it could not deliver between %s and %s cannot"
                " be caught up with; the poll looks at each payment that a booking waits for.",
                _EVENTS_KEPT.days, since.isoformat(), oldest.isoformat(),
            )  # fmt: skip
        return max(since, oldest)

    def _notice(self, event: dict[str, Any]) -> PaymentNotice | None:
        if event["type"] not in notices.KINDS:
            return None
        concerned = event["data"]["object"]
        booking = notices.booking_of(concerned) or self._booking_of_intent(concerned)
        return PaymentNotice(event["id"], BookingId(booking)) if booking else None

    def _booking_of_intent(self, concerned: dict[str, Any]) -> str | None:
        """A dispute, or a refund made at Stripe's pages, names the payment and not the booking."""
        intent_id = concerned.get("payment_intent")
        if not isinstance(intent_id, str):
            return None
        with whatever_its_state():
            intent = self._v1.payment_intents.retrieve(intent_id)
            return notices.booking_of(intent.to_dict())
        return None

    @property
    def _v1(self) -> Any:
        return self._account.client.v1
