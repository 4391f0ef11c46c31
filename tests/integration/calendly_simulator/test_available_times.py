"""What is open, and what is busy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import HALF_PAST, TEN, Body, invalid, wish
from tests.simulators.calendly import EventType, Simulator, User

PATH = "/event_type_available_times"


def query(event_type: EventType, start: str, end: str) -> dict[str, str]:
    return {"event_type": event_type.uri, "start_time": start, "end_time": end}


def tuesday(event_type: EventType) -> dict[str, str]:
    return query(event_type, "2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z")


def starts(api: httpx.Client, event_type: EventType) -> list[str]:
    answer = api.get(PATH, params=tuesday(event_type))
    assert answer.status_code == 200, answer.text
    return [each["start_time"][11:16] for each in answer.json()["collection"]]


def test_open_slots_follow_the_host_s_hours(api: httpx.Client, intro: EventType) -> None:
    found = starts(api, intro)
    assert (found[0], found[-1], len(found)) == ("09:00", "16:30", 16)


def test_hours_are_read_in_the_host_s_zone(api: httpx.Client, sim: Simulator, host: User) -> None:
    host.timezone = "America/New_York"
    found = starts(api, sim.event_type(host, "Far away"))
    assert (found[0], found[-1]) == ("14:00", "21:30")


def test_a_slot_says_how_many_places_it_has_and_where_it_is_booked(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    answer = api.get(PATH, params=tuesday(intro)).json()
    assert set(answer) == {"collection"}
    assert answer["collection"][0] == {
        "status": "available",
        "invitees_remaining": 1,
        "start_time": "2026-11-03T09:00:00Z",
        "scheduling_url": f"{sim.pages}/ana-host/intro-call/2026-11-03T09:00:00Z"
        "?month=2026-11&date=2026-11-03",
    }


def test_slot_times_may_have_decimals(api: httpx.Client, sim: Simulator, intro: EventType) -> None:
    sim.switches.slot_decimals = True
    first = api.get(PATH, params=tuesday(intro)).json()["collection"][0]
    assert first["start_time"] == "2026-11-03T09:00:00.000000Z"


def test_a_test_can_give_the_slots(api: httpx.Client, sim: Simulator, host: User) -> None:
    given = sim.event_type(host, "Rare", slots=[HALF_PAST, TEN])
    assert starts(api, given) == ["10:00", "10:30"]


def test_the_end_of_the_window_is_not_in_it(api: httpx.Client, sim: Simulator, host: User) -> None:
    given = sim.event_type(host, "Rare", slots=[TEN, HALF_PAST])
    answer = api.get(PATH, params=query(given, "2026-11-03T10:00:00Z", "2026-11-03T10:30:00Z"))
    assert [each["start_time"] for each in answer.json()["collection"]] == ["2026-11-03T10:00:00Z"]


@pytest.mark.parametrize("start", ["2026-11-02T07:59:59Z", "2026-11-02T08:00:00Z"])
def test_the_window_starts_in_the_future(api: httpx.Client, intro: EventType, start: str) -> None:
    answer = api.get(PATH, params=query(intro, start, "2026-11-03T00:00:00Z"))
    assert answer.status_code == 400
    detail: Body = {"parameter": "start_time", "message": "must be in the future"}
    assert answer.json() == invalid(detail)


def test_the_window_has_at_most_31_days(api: httpx.Client, intro: EventType) -> None:
    whole = query(intro, "2026-11-03T00:00:00Z", "2026-12-04T00:00:00Z")
    assert api.get(PATH, params=whole).status_code == 200
    answer = api.get(PATH, params=whole | {"end_time": "2026-12-04T00:00:01Z"})
    assert answer.status_code == 400
    message = "date range can be no greater than 31 days"
    assert answer.json() == invalid({"parameter": "end_time", "message": message})


def test_on_older_accounts_the_window_has_at_most_7_days(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    sim.switches.window_days = 7
    week = query(intro, "2026-11-03T00:00:00Z", "2026-11-10T00:00:00Z")
    assert api.get(PATH, params=week).status_code == 200
    answer = api.get(PATH, params=week | {"end_time": "2026-11-10T00:00:01Z"})
    message = "date range can be no greater than 1 week (7 days)"
    assert answer.json() == invalid({"parameter": "end_time", "message": message})


def test_all_three_parameters_are_needed(api: httpx.Client) -> None:
    answer = api.get(PATH)
    assert answer.status_code == 400
    assert [each["parameter"] for each in answer.json()["details"]] == [
        "event_type",
        "start_time",
        "end_time",
    ]


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-03", "2026-11-03T10:00:00+02:00"])
def test_times_are_utc_with_a_z(api: httpx.Client, intro: EventType, text: str) -> None:
    answer = api.get(PATH, params=query(intro, text, "2026-11-04T00:00:00Z"))
    assert answer.status_code == 400


def test_which_scope_opens_the_available_times_can_be_chosen(
    sim: Simulator, host: User, intro: EventType, api: httpx.Client
) -> None:
    token = {"Authorization": f"Bearer {sim.token(host, ['event_types:read'])}"}
    assert api.get(PATH, params=tuesday(intro), headers=token).status_code == 403
    sim.switches.available_times_scope = "event_types:read"
    assert api.get(PATH, params=tuesday(intro), headers=token).status_code == 200


def test_an_inactive_type_has_no_open_slots(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    sim.change(intro, active=False)
    assert starts(api, intro) == []


def test_a_booked_slot_is_gone_from_all_types_of_the_host(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType
) -> None:
    hour = sim.event_type(host, "Hour", duration=60)
    api.post("/invitees", json=wish(intro))
    assert "10:00" not in starts(api, intro)
    assert not {"09:30", "10:00"} & set(starts(api, hour))
    assert {"09:00", "10:30"} <= set(starts(api, hour))


def test_a_cancelled_slot_opens_again(api: httpx.Client, sim: Simulator, intro: EventType) -> None:
    api.post("/invitees", json=wish(intro))
    sim.cancel(sim.invitees()[0], by="host")
    assert "10:00" in starts(api, intro)


def test_buffers_and_notice_are_applied_already(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    buffered = sim.event_type(
        host, "Buffered", buffer_before=15, buffer_after=15, notice=timedelta(hours=26)
    )
    assert starts(api, buffered)[0] == "10:30"
    api.post("/invitees", json=wish(buffered, "2026-11-03T12:00:00Z"))
    assert not {"11:30", "12:00", "12:30"} & set(starts(api, buffered))


def test_what_is_in_the_host_s_other_calendars_is_not_open(
    api: httpx.Client, host: User, intro: EventType
) -> None:
    host.busy.append((TEN, HALF_PAST))
    assert "10:00" not in starts(api, intro)


def test_a_group_slot_stays_open_until_it_is_full(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=2, slots=[TEN])

    def remaining() -> list[int]:
        rows = api.get(PATH, params=tuesday(group)).json()["collection"]
        return [each["invitees_remaining"] for each in rows]

    assert remaining() == [2]
    api.post("/invitees", json=wish(group))
    assert remaining() == [1]
    api.post("/invitees", json=wish(group))
    assert remaining() == []
    sim.cancel(sim.invitees()[0], by="invitee")
    assert remaining() == [1]


def test_round_robin_needs_one_free_host_and_collective_all(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    both = [host, mate]
    either = sim.event_type(host, "Either", hosts=both, pooling="round_robin", slots=[TEN])
    together = sim.event_type(host, "Together", hosts=both, pooling="collective", slots=[TEN])
    host.busy.append((TEN, HALF_PAST))
    assert starts(api, either) == ["10:00"]
    assert starts(api, together) == []


# ---- busy times ------------------------------------------------------------------------------------


def busy(api: httpx.Client, user: User, end: str = "2026-11-04T00:00:00Z") -> httpx.Response:
    query = {"user": user.uri, "start_time": "2026-11-03T00:00:00Z", "end_time": end}
    return api.get("/user_busy_times", params=query)


def test_busy_times_tell_own_meetings_from_others(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    buffered = sim.event_type(host, "Buffered", buffer_before=15)
    host.busy.append((HALF_PAST, HALF_PAST + timedelta(hours=1)))
    api.post("/invitees", json=wish(buffered, "2026-11-03T12:00:00Z"))
    answer = busy(api, host).json()
    assert set(answer) == {"collection"}
    other, own = answer["collection"]
    assert other == {
        "type": "external",
        "start_time": "2026-11-03T10:30:00.000000Z",
        "end_time": "2026-11-03T11:30:00.000000Z",
    }
    assert own["type"] == "calendly"
    assert own["buffered_start_time"] == "2026-11-03T11:45:00.000000Z"
    assert own["event"] == {"uri": sim.events()[0].uri}


def test_busy_times_have_a_window_of_seven_days(api: httpx.Client, host: User) -> None:
    assert busy(api, host, "2026-11-10T00:00:00Z").status_code == 200
    assert busy(api, host, "2026-11-10T00:00:01Z").status_code == 400


def test_a_broken_calendar_is_unknown_and_not_free(api: httpx.Client, host: User) -> None:
    host.calendar_broken = True
    answer = busy(api, host)
    assert answer.status_code == 424
    assert answer.json()["title"] == "External Calendar Error"


def test_slots_keep_to_local_hours_when_the_clocks_change(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    """New York leaves summer time on 1 November 2026."""
    sim.clock.freeze(datetime(2026, 10, 29, 8, tzinfo=UTC))
    host.timezone = "America/New_York"
    far = sim.event_type(host, "Far away", increment=480)
    answer = api.get(PATH, params=query(far, "2026-10-30T00:00:00Z", "2026-11-03T00:00:00Z"))
    assert [each["start_time"] for each in answer.json()["collection"]] == [
        "2026-10-30T13:00:00Z",
        "2026-11-02T14:00:00Z",
    ]
