from collections.abc import Callable

import pytest

from entrypoints.container import Application
from tests.integration.cli.conftest import WHO, Command, day_ahead

Typed = Callable[..., str]


def test_slots_are_grouped_by_day_in_the_builders_zone(run: Command) -> None:
    first, last = str(day_ahead(2)), str(day_ahead(3))
    shown = run("slots", "ada/intro", "--from", first, "--to", last).stdout
    lines = [line for line in shown.splitlines() if line.strip()]
    assert lines[0].strip() == "Intro with Ada Byron, times in Europe/Berlin"
    assert f"{day_ahead(2).day:>2} {day_ahead(2):%b %Y}  00:00  00:30" in shown
    assert "The next one after that:" in lines[-1]


def test_a_last_date_is_included_and_the_zone_moves_the_days(run: Command) -> None:
    day = str(day_ahead(2))
    answer = run.json("slots", "ada/intro", "--from", day, "--to", day, "--timezone", "Asia/Tokyo")
    assert answer["timezone"] == "Asia/Tokyo"
    assert len(answer["slots"]) == 48
    assert answer["slots"][0]["startTime"] == f"{day_ahead(1)}T15:00:00Z"
    assert answer["nextStart"] == f"{day}T15:00:00Z"


def test_instants_are_half_open(run: Command) -> None:
    day = day_ahead(2)
    window = ("--from", f"{day}T10:00:00+01:00", "--to", f"{day}T11:00:00+01:00")
    starts = [each["startTime"] for each in run.json("slots", "ada/intro", *window)["slots"]]
    assert starts == [f"{day}T09:00:00Z", f"{day}T09:30:00Z"]


def test_without_a_range_a_week_is_shown_as_by_the_api(run: Command, service: Application) -> None:
    typed = run.json("slots", "ada/intro")
    assert 6 * 48 <= len(typed["slots"]) <= 7 * 48
    [intro] = [
        each for each in run.json("session-types")["sessionTypes"] if each["slug"] == "intro"
    ]
    path = f"/api/scheduling/session-types/{intro['id']}/slots"
    answer = service.web_app().test_client().get(path).json
    assert answer["slots"][-3:] == typed["slots"][-3:]  # the address of each included
    assert answer["nextStart"] == typed["nextStart"]


@pytest.mark.parametrize("asked", ["--from", "--explain"])
def test_a_time_at_the_end_of_the_calendar_is_bad_input(run: Command, asked: str) -> None:
    for text in ("9999-12-31", "9999-12-31T23:59Z", "0001-01-01T00:00+14:00"):
        assert run.json("slots", "ada/intro", asked, text, code=65)["code"] == "invalid_request"
    booked = run.json("book", "ada/intro", "9999-12-31T23:59Z", *WHO, code=65)
    assert booked["code"] == "invalid_request"


def test_a_group_shows_its_seats(run: Command, soon: Typed) -> None:
    day = str(day_ahead(3))
    run("book", "ada/group", soon("10:00"), *WHO)
    shown = run("slots", "ada/group", "--from", day, "--to", day).stdout.replace("\xa0", " ")
    assert "09:00 (5)" in shown
    assert "10:00 (4)" in shown


def test_a_range_without_slots_says_so(run: Command, soon: Typed) -> None:
    window = ("--from", soon("10:00"), "--to", soon("10:10"))
    assert "Nothing is open then." in run("slots", "ada/intro", *window).stdout


def test_a_range_that_is_too_long_is_bad_input(run: Command) -> None:
    window = ("--from", "2026-01-01", "--to", "2026-12-31")
    assert run.json("slots", "ada/intro", *window, code=65)["code"] == "range_too_long"


def test_times_that_are_none_are_bad_input(run: Command) -> None:
    for text in ("soon", "2026-02-30", "9999-12-31", "2026-11-23T25:00"):
        run("slots", "ada/intro", "--to", text, code=65)
    run("slots", "ada/intro", "--timezone", "Nowhere/Else", code=65)


def test_a_start_is_explained_with_every_reason(run: Command, soon: Typed) -> None:
    start = soon("10:00")
    assert "is open" in run("slots", "ada/intro", "--explain", start).stdout
    run("book", "ada/intro", start, *WHO)
    shown = run("slots", "ada/intro", "--explain", start).stdout
    assert shown.startswith("✗")
    assert "busy" in shown
    answer = run.json("slots", "ada/intro", "--explain", soon("10:07"))
    assert answer["open"] is False
    assert {each["code"] for each in answer["reasons"]} == {"busy", "off_grid"}


def test_an_explained_time_is_read_in_the_given_zone(run: Command) -> None:
    answer = run.json(
        "slots", "ada/intro", "--explain", "2030-01-07T10:00", "--timezone", "Asia/Tokyo"
    )
    assert answer["startTime"] == "2030-01-07T01:00:00Z"
    assert [each["code"] for each in answer["reasons"]] == ["horizon"]


def test_why_a_slot_is_taken_is_not_for_clients(run: Command, soon: Typed) -> None:
    run("slots", "ada/intro", "--explain", soon("10:00"), "--as", "client", code=66)


def test_what_needs_signing_in_is_refused_to_the_anonymous(run: Command) -> None:
    assert (
        run.json("slots", "ada/route", "--as", "anonymous", code=77)["code"] == "sign_in_required"
    )


def test_a_session_type_may_be_named_by_its_id(run: Command) -> None:
    answer = run.json("session-types", "--builder", "ada")
    assert run.json("slots", answer["sessionTypes"][0]["id"])["slots"]


def test_an_unknown_session_type_is_not_found(run: Command) -> None:
    for name in ("ada/nothing", "nobody/intro", "st_nothing"):
        assert "There is no such" in run("slots", name, code=66).stderr
