"""Open slots, by dates and by instants."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.integration.web.conftest import ZONE, Caller, day_ahead

PATH = "/api/scheduling/session-types/getting-started/slots"


def workday() -> int:
    """How many days ahead the next Monday is that is not today or tomorrow."""
    return next(days for days in range(2, 10) if day_ahead(days).weekday() == 0)


def test_the_last_date_is_included(anyone: Caller) -> None:
    monday = day_ahead(workday())
    query = {"from": monday, "to": monday, "timezone": ZONE}
    answer = anyone.json("GET", PATH, query_string=query)
    starts = [datetime.fromisoformat(each["startTime"]) for each in answer["slots"]]
    assert {start.astimezone(ZoneInfo(ZONE)).date() for start in starts} == {monday}
    assert answer["timezone"] == ZONE
    assert starts[0].astimezone(ZoneInfo(ZONE)).hour == 9


def test_instants_are_half_open(anyone: Caller) -> None:
    slots = anyone.slots()
    first, second = slots[0], slots[1]
    query = {"from": first["startTime"], "to": second["startTime"]}
    assert anyone.json("GET", PATH, query_string=query)["slots"] == [first]


def test_an_unescaped_plus_sign_is_understood(anyone: Caller) -> None:
    day = day_ahead(workday())
    found = anyone.json("GET", f"{PATH}?from={day}T09:00:00+01:00&to={day}T23:00:00+01:00")
    assert found["slots"]


def test_a_slot_says_how_to_book_it(anyone: Caller) -> None:
    slot = anyone.slots("open-office-hour")[0]
    assert set(slot) == {"startTime", "endTime", "schedulingUrl", "inviteesRemaining"}
    assert slot["inviteesRemaining"] == 5
    assert slot["startTime"].endswith("Z")
    assert slot["schedulingUrl"].endswith(f"/b/demo/open-office-hour?start={slot['startTime']}")


def test_the_next_start_is_the_first_opening_after_the_range(anyone: Caller) -> None:
    saturday = day_ahead(workday() + 5)
    query = {"from": saturday, "to": saturday + timedelta(days=1), "timezone": ZONE}
    answer = anyone.json("GET", PATH, query_string=query)
    assert answer["slots"] == []
    following = saturday + timedelta(days=2)
    expected = datetime(following.year, following.month, following.day, 9, tzinfo=ZoneInfo(ZONE))
    assert datetime.fromisoformat(answer["nextStart"]) == expected


def test_beyond_the_horizon_nothing_is_open(anyone: Caller) -> None:
    query = {"from": "2999-01-01", "to": "2999-01-05"}
    answer = anyone.json("GET", PATH, query_string=query)
    assert (answer["slots"], answer["nextStart"]) == ([], None)


def test_the_answer_is_the_same_for_older_callers(anyone: Caller) -> None:
    query = {"from": day_ahead(1), "to": day_ahead(9)}
    older = "/api/scheduling/calendly/available-times"
    named = query | {"sessionTypeId": "getting-started"}
    expected = anyone.json("GET", PATH, query_string=query)
    assert anyone.json("GET", older, query_string=named) == expected
    problem = anyone.refused(422, "invalid_request", "GET", older, query_string=query)
    assert "sessionTypeId" in problem["detail"]
