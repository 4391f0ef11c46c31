"""The booking flow, from the wish to the session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from booking_core import Role, SystemClock
from tests.integration.web.conftest import BO, BOOKINGS, ZONE, Caller

CONFIRM = f"{BOOKINGS}/confirm"


def test_an_anonymous_client_gets_a_token_for_its_booking(anyone: Caller, ana: Caller) -> None:
    booking = anyone.book()
    assert booking["state"] == "CONFIRMED"
    assert booking["step"] == "BOOKING_COMPLETE"
    assert booking["contact"] == BO | {"language": None}
    assert booking["clientId"] is None
    assert booking["confirmationUrl"].endswith(f"/bookings/{booking['id']}")
    path, token = f"{BOOKINGS}/{booking['id']}", booking["manageToken"]
    shown = anyone.as_(f"Booking {token}").json("GET", path)
    assert shown == {name: value for name, value in booking.items() if name != "manageToken"}
    strangers = [anyone, ana, anyone.as_(f"Booking {token[::-1]}"), anyone.as_("Booking x")]
    other = anyone.book()
    strangers.append(anyone.as_(f"Booking {other['manageToken']}"))
    for stranger in strangers:
        stranger.refused(404, "not_found", "GET", path)
        stranger.refused(404, "not_found", "POST", f"{path}/cancel", json={})


def test_a_signed_in_client_need_not_say_who_it_is(ana: Caller, anyone: Caller) -> None:
    wish = ana.wish()
    del wish["clientDetails"]
    booking = ana.json("POST", CONFIRM, 201, json=wish)["booking"]
    assert booking["clientId"] == "ana"
    assert booking["contact"]["email"] == "ana@example.org"
    assert "manageToken" not in booking
    anyone.refused(404, "not_found", "GET", f"{BOOKINGS}/{booking['id']}")


def test_without_a_zone_the_client_is_in_the_builders(anyone: Caller, ana: Caller) -> None:
    booked = anyone.book(clientDetails={"name": "Bo", "email": "bo@example.org"})
    assert booked["contact"]["timezone"] == ZONE
    assert ana.book(clientDetails=None)["contact"]["timezone"] == ZONE
    body = {"sessionTypeId": "getting-started", "clientDetails": {"name": "Bo", "email": "b@c.de"}}
    begun = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)["booking"]
    assert begun["contact"]["timezone"] == ZONE
    later = anyone.wish(bookingId=begun["id"], clientDetails={"name": "Bo", "email": "b@c.de"})
    booking = anyone.as_(f"Booking {begun['manageToken']}")
    confirmed = booking.json("POST", CONFIRM, 201, json=later)["booking"]
    assert confirmed["contact"]["timezone"] == ZONE


def test_own_bookings_are_listed_page_by_page(
    ana: Caller, anyone: Caller, robin: Caller, signed_in: Callable[..., Caller]
) -> None:
    booked = [ana.book()["id"] for _ in range(3)]
    anyone.book()
    first = ana.json("GET", BOOKINGS, query_string={"limit": 2})
    assert len(first["bookings"]) == 2
    rest = ana.json("GET", BOOKINGS, query_string={"limit": 2, "cursor": first["next"]})
    assert rest["next"] is None
    found = [each["id"] for each in first["bookings"] + rest["bookings"]]
    assert sorted(found) == sorted(booked)
    assert len(robin.json("GET", BOOKINGS)["bookings"]) == 4
    stranger = signed_in(Role.CLIENT, "eve")
    assert stranger.json("GET", BOOKINGS)["bookings"] == []


def test_bookings_are_filtered(ana: Caller) -> None:
    booking = ana.book()
    ana.json("POST", f"{BOOKINGS}/{booking['id']}/cancel", json={})
    day = booking["startTime"][:10]

    def found(**query: str) -> int:
        return len(ana.json("GET", BOOKINGS, query_string=query)["bookings"])

    assert found(state="CANCELLED") == 1
    assert found(state="CONFIRMED") == 0
    assert found(sessionTypeId="play-lab") == 0
    assert found(**{"from": day, "to": day}) == 1
    assert found(to="2020-01-01") == 0


def test_a_booking_can_begin_before_a_slot_is_chosen(anyone: Caller) -> None:
    wish = anyone.wish()
    body = {"sessionTypeId": "getting-started", "clientDetails": BO}
    begun = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)
    booking = begun["booking"]
    assert begun["tracking"] == {"bookingId": booking["id"]}
    assert booking["startTime"] is None
    holder = anyone.as_(f"Booking {booking['manageToken']}")
    wish |= {"bookingId": booking["id"]}
    anyone.refused(404, "not_found", "POST", CONFIRM, json=wish)
    confirmed = holder.json("POST", CONFIRM, 201, json=wish)["booking"]
    assert (confirmed["id"], confirmed["state"]) == (booking["id"], "CONFIRMED")


def test_a_client_moves_and_cancels_its_booking(anyone: Caller) -> None:
    booking = anyone.book()
    holder = anyone.as_(f"Booking {booking['manageToken']}")
    path = f"{BOOKINGS}/{booking['id']}"
    slot = anyone.slots()[5]
    moved = holder.json("POST", f"{path}/reschedule", json={"timeSlot": slot})["booking"]
    assert moved["startTime"] == slot["startTime"]
    assert booking["startTime"] in [each["startTime"] for each in anyone.slots()]
    gone = holder.json("POST", f"{path}/cancel", json={"reason": "ill"})["booking"]
    assert gone["state"] == "CANCELLED"
    problem = holder.refused(
        409, "wrong_state", "POST", f"{path}/reschedule", json={"timeSlot": slot}
    )
    assert problem["state"]
    anyone.json("POST", CONFIRM, 201, json=anyone.wish(timeSlot=slot))


def test_cancelling_needs_no_body(ana: Caller) -> None:
    booking = ana.book()
    ana.json("POST", f"{BOOKINGS}/{booking['id']}/cancel")


@pytest.mark.parametrize("action", ["complete", "no-show", "no-show/undo"])
def test_only_the_builder_says_how_it_went(
    anyone: Caller, ana: Caller, robin: Caller, other_builder: Caller, action: str
) -> None:
    booking = ana.book()
    path = f"{BOOKINGS}/{booking['id']}/{action}"
    for caller in (anyone, ana, other_builder):
        caller.refused(404, "not_found", "POST", path)
    # It has not even begun.
    assert robin("POST", path).status_code == 409


def test_the_builder_says_how_it_went(
    ana: Caller, signed_in: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    bookings = [ana.book() for _ in range(2)]
    afterwards = datetime.fromisoformat(bookings[1]["endTime"]) + timedelta(hours=1)
    monkeypatch.setattr(SystemClock, "now", lambda _: afterwards)
    robin = signed_in(Role.BUILDER, "demo")

    def state(place: int, action: str) -> str:
        path = f"{BOOKINGS}/{bookings[place]['id']}/{action}"
        answer: str = robin.json("POST", path)["booking"]["state"]
        return answer

    assert state(0, "complete") == "COMPLETED"
    assert state(1, "no-show") == "NO_SHOW"
    assert state(1, "no-show/undo") != "NO_SHOW"


def test_a_quoted_key_may_have_escapes(anyone: Caller) -> None:
    wish = anyone.wish()
    keys = ('"a\\"b"', 'a"b')
    first, again = (
        anyone.json("POST", CONFIRM, 201, json=wish, headers={"Idempotency-Key": key})
        for key in keys
    )
    assert again == first


@pytest.mark.parametrize("begin", ["confirm", "initialize"])
def test_after_its_links_were_revoked_a_repeat_shows_the_outline_and_no_link(
    anyone: Caller, robin: Caller, begin: str
) -> None:
    wish = anyone.wish()
    if begin == "initialize":
        del wish["timeSlot"]
    once = {"json": wish, "headers": {"Idempotency-Key": "k"}}
    first = anyone.json("POST", f"{BOOKINGS}/{begin}", 201, **once)
    again = anyone.json("POST", f"{BOOKINGS}/{begin}", 201, **once)
    assert again == first
    robin.json("POST", f"{BOOKINGS}/{first['booking']['id']}/revoke-links")
    told = anyone.json("POST", f"{BOOKINGS}/{begin}", 201, **once)
    assert set(told["booking"]) == {"id", "state", "startTime", "endTime"}
    assert told["booking"]["id"] == first["booking"]["id"]
    assert not told.get("schedulingUrl")


@pytest.mark.parametrize("key", ["k-1", '"k-1"'])
def test_a_repeat_gets_the_same_booking(anyone: Caller, key: str) -> None:
    wish = anyone.wish()
    first = anyone.json("POST", CONFIRM, 201, json=wish, headers={"Idempotency-Key": key})
    again = anyone.json("POST", CONFIRM, 201, json=wish, headers={"Idempotency-Key": "k-1"})
    assert again == first
    assert again["booking"]["manageToken"]


def test_questions_are_kept_with_their_prompts(anyone: Caller) -> None:
    answers = [{"questionId": "role", "value": "baker"}, {"questionId": "recording", "value": True}]
    booking = anyone.book("interview-practice", answers=answers, notes="Grüße 👋")
    assert [each["value"] for each in booking["answers"]] == ["baker", True]
    assert booking["answers"][0]["prompt"] == "Which role do you interview for?"
    assert booking["notes"] == "Grüße 👋"


def test_a_group_session_has_a_seat_for_each(anyone: Caller) -> None:
    wish = anyone.wish("open-office-hour")
    for number in range(5):
        contact = BO | {"email": f"bo{number}@example.org"}
        anyone.json("POST", CONFIRM, 201, json=wish | {"clientDetails": contact})
    anyone.refused(409, "slot_unavailable", "POST", CONFIRM, json=wish)


def test_links_are_revoked_and_the_answer_brings_no_new_one(anyone: Caller, robin: Caller) -> None:
    booking = anyone.book()
    holder = anyone.as_(f"Booking {booking['manageToken']}")
    path = f"{BOOKINGS}/{booking['id']}"
    anyone.refused(404, "not_found", "POST", f"{path}/revoke-links")
    answer = holder.json("POST", f"{path}/revoke-links")
    assert answer["success"]
    assert "manageToken" not in answer["booking"]
    holder.refused(404, "not_found", "GET", path)
    robin.json("POST", f"{path}/revoke-links")


# ---- guests --------------------------------------------------------------------------------------

GUESTS = ["bea@example.org", "cy@example.org"]


def test_guests_come_along_and_are_shown_to_client_builder_and_admin(
    anyone: Caller, robin: Caller, admin: Caller
) -> None:
    booking = anyone.book(clientDetails=BO | {"guests": [*GUESTS, BO["email"], GUESTS[0].upper()]})
    assert booking["guests"] == GUESTS
    path = f"{BOOKINGS}/{booking['id']}"
    for caller in (anyone.as_(f"Booking {booking['manageToken']}"), robin, admin):
        assert caller.json("GET", path)["guests"] == GUESTS


def test_what_is_begun_with_guests_keeps_them_until_others_are_named(anyone: Caller) -> None:
    wish = anyone.wish()
    named = {"clientDetails": BO | {"guests": GUESTS}}
    body = {"sessionTypeId": wish["sessionTypeId"]} | named
    begun = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)["booking"]
    assert begun["guests"] == GUESTS
    holder = anyone.as_(f"Booking {begun['manageToken']}")
    wish |= {"bookingId": begun["id"], "clientDetails": BO}
    assert holder.json("POST", CONFIRM, 201, json=wish)["booking"]["guests"] == GUESTS


@pytest.mark.parametrize(
    ("guests", "pointer"),
    [
        (["bea@example.org", "cy"], "/clientDetails/guests/1"),
        (["bea@example.org\nBcc: all@example.org"], "/clientDetails/guests/0"),
        ([7], "/clientDetails/guests/0"),
        ("bea@example.org", "/clientDetails/guests"),
    ],
    ids=["no address", "two lines", "a number", "no list"],
)
def test_a_wrong_guest_is_pointed_at(anyone: Caller, guests: object, pointer: str) -> None:
    wish = anyone.wish(clientDetails=BO | {"guests": guests})
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert [each["pointer"] for each in problem["errors"]] == [pointer]
