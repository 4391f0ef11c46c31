"""The provider's page: plainly not ours, and plainly no real money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel import Locale
from babel.numbers import format_currency
from flask import Blueprint, abort, redirect, render_template, request, url_for

from adapters.simulated_payments.books import Entry
from adapters.simulated_payments.moves import MOVES
from booking_core import CheckoutState, Money, with_decimals

if TYPE_CHECKING:
    from adapters.simulated_payments.gateway import Hear, SimulatedPayments

PATH = "/simulated-payments"
_BACK = ("card", "at-once", "transfer", "late")  # after these a provider sends its client back


def pages(provider: SimulatedPayments, hear: Hear) -> Blueprint:
    blueprint = Blueprint(
        "simulated_payments",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path=f"{PATH}/static",
    )

    @blueprint.get(f"{PATH}/<checkout_id>")
    def checkout(checkout_id: str) -> str:
        entry: Entry = provider.shown(checkout_id) or abort(404)
        return render_template(
            "simulated_payments/checkout.html",
            entry=entry,
            states=CheckoutState,
            amount=_shown(entry.price),
            refunded=sum(entry.refunds.values()),
        )

    @blueprint.post(f"{PATH}/<checkout_id>")
    def move(checkout_id: str) -> Any:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            abort(403)
        chosen = request.form.get("move", "")
        if chosen not in MOVES:
            abort(400)
        before: Entry = provider.shown(checkout_id) or abort(404)
        after: Entry = provider.play(checkout_id, chosen) or abort(404)
        provider.deliver(hear)
        if chosen in _BACK and after.state is not before.state:
            return redirect(before.return_url, 303)
        return redirect(url_for("simulated_payments.checkout", checkout_id=checkout_id), 303)

    return blueprint


def _shown(price: Money) -> str:
    locale = Locale("en")
    pattern = with_decimals(locale.currency_formats["standard"].pattern, price.currency)
    return format_currency(price.decimal(), price.currency, pattern, locale, currency_digits=False)
