"""A checkout page to try things out with by hand: the client's moves, and later the bank's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, render_template_string, request

from tests.simulators.stripe.books import Bank, Refused

Move = Callable[[Bank, str], None]

_PAYING: dict[str, Move] = {
    "Pay by card": Bank.authorise,
    "Pay at once": Bank.pay,
    "Pay by a method that takes days": Bank.process,
}
_MOVES: dict[str, dict[str, Move]] = {
    "open": _PAYING | {"Let the card be declined": Bank.decline_card},
    "processing": {"The money arrives": Bank.pay, "The bank says no": Bank.decline},
    "requires_capture": {"The bank lets it go": Bank.lapse},
    "succeeded": {
        "The client disputes": Bank.dispute,
        "The dispute is won": lambda bank, session: bank.dispute(session, "won"),
        "The dispute is lost": lambda bank, session: bank.dispute(session, "lost"),
    },
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Stand-in of Stripe</title>
<h1>{{ session.amount_total }} {{ session.currency }} (minor units)</h1>
<p>A stand-in of Stripe: no money moves. This checkout is <strong>{{ state }}</strong>.</p>
<form method="post">{% for move in moves %}<p><button name="move">{{ move }}</button>{% endfor %}</form>
<p><a href="{{ session.cancel_url if state == 'open' else back }}">Back</a>"""


def checkout_pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("checkout", __name__)

    @blueprint.get("/c/pay/<session_id>")
    def page(session_id: str) -> str:
        with bank.lock:
            session, state = _seen(bank, session_id)
        moves, back = _MOVES.get(state, {}), _back(session)
        return render_template_string(_PAGE, session=session, state=state, moves=moves, back=back)

    @blueprint.post("/c/pay/<session_id>")
    def play(session_id: str) -> Any:
        chosen = request.form["move"]
        with bank.lock:
            session, state = _seen(bank, session_id)
            move = _MOVES.get(state, {}).get(chosen) or abort(409)
            move(bank, session_id)
        return redirect(_back(session) if chosen in _PAYING else request.path, 303)

    return blueprint


def _seen(bank: Bank, session_id: str) -> tuple[dict[str, Any], str]:
    """The session, and its state or, once it is complete, that of its money."""
    try:
        session = bank.session(session_id)
    except Refused:
        abort(404)
    money = bank.intents.get(session["payment_intent"], session)
    return session, (money if session["status"] == "complete" else session)["status"]


def _back(session: dict[str, Any]) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
