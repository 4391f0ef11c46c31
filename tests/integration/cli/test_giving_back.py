"""Giving money back from the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from booking_core import Actor, BookingId, CancellationPolicy, Money, RefundStep
from entrypoints.container import Application
from tests.integration.cli.conftest import WHO, Command

PRICE = Money(4_900, "EUR")


@pytest.fixture
def costly(service: Application) -> Application:
    types = service.core.list_session_types(builder="ada", actor=Actor.system())
    [intro] = [each for each in types if each.slug == "intro"]
    service.core.change_session_type(
        session_type_id=intro.id, changes={"price": PRICE}, actor=Actor.system()
    )
    return service


def test_goodwill_is_given_in_the_currency_of_the_price(
    run: Command, costly: Application, soon: Callable[..., str]
) -> None:
    booked: Any = run.json("book", "ada/intro", soon("10:00"), *WHO)
    booking = booked["booking"]["id"]
    costly.payments.play(booked["booking"]["checkoutUrl"].rpartition("/")[2], "at-once")  # type: ignore[attr-defined]
    costly.core.settle_money(booking_id=BookingId(booking))
    for wrong in ("0", "49.01", "1.005", "NaN", "a lot"):
        run("refund", booking, wrong, code=65)
    for _ in range(2):
        told = run("refund", booking, "12.5", "--key", "once").stdout
        assert "on its way back" in told
    while costly.core.work_outbox():
        pass
    shown = run.json("show", booking)["booking"]
    assert shown["refunded"] == {"amount": 1_250, "currency": "EUR"}
    run("returned", booking, code=1)
    run("refund", "bkg_nothing", "1", code=66)


def test_what_was_paid_at_the_meeting_is_recorded_as_given_back(
    environment: pytest.MonkeyPatch, run: Command, costly: Application, soon: Callable[..., str]
) -> None:
    environment.setenv("BOOKING_PAYMENTS", "on_site")
    booking = run.json("book", "ada/intro", soon("10:00"), *WHO)["booking"]["id"]
    costly.core.record_paid_on_site(booking_id=BookingId(booking), actor=Actor.system())
    assert "booking returned" in run("refund", booking, "9").stdout
    assert "Recorded." in run("returned", booking).stdout
    assert run.json("show", booking)["booking"]["refunded"] == {"amount": 900, "currency": "EUR"}


def test_what_the_bank_took_back_is_shown_as_gone_back(
    run: Command, costly: Application, soon: Callable[..., str]
) -> None:
    booked: Any = run.json("book", "ada/intro", soon("10:00"), *WHO)
    booking, checkout = booked["booking"]["id"], booked["booking"]["checkoutUrl"]
    for move in ("at-once", "dispute", "dispute-lost"):
        costly.payments.play(checkout.rpartition("/")[2], move)  # type: ignore[attr-defined]
        costly.core.settle_money(booking_id=BookingId(booking))
    assert "REFUNDED: 49.00 EUR went back, 0.00 EUR kept" in run("show", booking).stdout


def test_what_stays_when_a_booking_ends_is_said(
    run: Command, costly: Application, soon: Callable[..., str]
) -> None:
    nothing_back = CancellationPolicy(refunds=(RefundStep(timedelta(0), 0),))
    [intro] = [
        each
        for each in costly.core.list_session_types(builder="ada", actor=Actor.system())
        if each.slug == "intro"
    ]
    costly.core.change_session_type(
        session_type_id=intro.id,
        changes={"cancellation_policy": nothing_back},
        actor=Actor.system(),
    )
    booked: Any = run.json("book", "ada/intro", soon("10:00"), *WHO)
    booking = BookingId(booked["booking"]["id"])
    costly.payments.play(booked["booking"]["checkoutUrl"].rpartition("/")[2], "at-once")  # type: ignore[attr-defined]
    kept = costly.core.settle_money(booking_id=booking)
    token = costly.core.manage_key.token(booking, kept.token_version)
    costly.core.cancel_booking(booking_id=booking, actor=Actor.anonymous(token))
    assert "49.00 EUR, PAID: 49.00 EUR kept" in run("show", booking).stdout


def test_what_still_has_to_go_back_is_not_called_kept(
    run: Command, costly: Application, soon: Callable[..., str]
) -> None:
    booked: Any = run.json("book", "ada/intro", soon("10:00"), *WHO)
    booking = BookingId(booked["booking"]["id"])
    costly.payments.play(booked["booking"]["checkoutUrl"].rpartition("/")[2], "at-once")  # type: ignore[attr-defined]
    costly.core.settle_money(booking_id=booking)
    costly.core.refund_booking(booking_id=booking, amount=900, actor=Actor.system())
    told = run("show", booking).stdout
    assert "49.00 EUR, REFUND_DUE: 9.00 EUR still to go back, 40.00 EUR kept" in told
    costly.core.cancel_booking(booking_id=booking, actor=Actor.system())
    told = run("show", booking).stdout
    assert "49.00 EUR, REFUND_DUE: 49.00 EUR still to go back, 0.00 EUR kept" in told


def test_what_the_bank_still_decides_about_is_not_called_kept(
    run: Command, costly: Application, soon: Callable[..., str]
) -> None:
    booked: Any = run.json("book", "ada/intro", soon("10:00"), *WHO)
    booking = BookingId(booked["booking"]["id"])
    for move in ("at-once", "dispute"):
        costly.payments.play(booked["booking"]["checkoutUrl"].rpartition("/")[2], move)  # type: ignore[attr-defined]
        costly.core.settle_money(booking_id=booking)
    costly.core.cancel_booking(booking_id=booking, actor=Actor.system())
    assert "DISPUTED" in run("show", booking).stdout
    assert "kept" not in run("show", booking).stdout
