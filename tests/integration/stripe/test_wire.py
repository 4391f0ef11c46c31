"""The check of requests would catch the mistakes that Stripe would refuse."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from stripe.params.checkout import SessionCreateParams

from tests.simulators.stripe.wire import WireError, check_answer, check_request, decoded

GOOD = {
    "mode": "payment",
    "success_url": "https://booking.test",
    "expires_at": "1800000000",
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "5000",
    "line_items[0][price_data][product_data][name]": "An hour",
    "payment_method_options[card][capture_method]": "manual",
    "metadata[booking_id]": "bkg_1",
}


def checked(form: dict[str, str]) -> dict[str, Any]:
    params = decoded(urlencode(form))
    check_request(params, SessionCreateParams)
    return params


def test_a_good_request_passes() -> None:
    params = checked(GOOD)
    assert params["line_items"][0]["price_data"]["product_data"] == {"name": "An hour"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"succes_url": "https://booking.test"},
        {"line_items[0][price_data][amount]": "5000"},
        {
            "line_items[0][price_data][product_data][name]": None,
            "line_items[0][price_data][product_data][description]": "An hour",
        },
        {"line_items[0][price_data][unit_amount]": "fifty"},
        {"line_items[0][price_data][unit_amount]": "50.5"},
        {"mode": "pay"},
        {"payment_method_options[card][capture_method]": "later"},
        {"expires_at": "soon"},
        {"payment_intent_data": "none"},
    ],
)
def test_a_mistake_is_caught(wrong: dict[str, str | None]) -> None:
    form = {name: value for name, value in (GOOD | wrong).items() if value is not None}
    with pytest.raises(WireError):
        checked(form)


def test_an_answer_with_an_unknown_field_is_caught() -> None:
    check_answer({"id": "pi_1", "amount_received": 1}, stripe.PaymentIntent)
    with pytest.raises(WireError):
        check_answer({"amount_recieved": 1}, stripe.PaymentIntent)
