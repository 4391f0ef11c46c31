import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from attrs import evolve

from booking_core import Actor, BookingId
from entrypoints import times
from entrypoints.container import Application
from tests.integration.cli.conftest import WHO, ZONE, Command, day_ahead

Typed = Callable[..., str]


@pytest.fixture
def booked(run: Command, soon: Typed) -> str:
    """The id of a booking of Ada's intro."""
    booking: str = run.json("book", "ada/intro", soon("10:00"), *WHO)["booking"]["id"]
    return booking


def test_a_booking_is_made_and_shown(run: Command, soon: Typed) -> None:
    shown = run("book", "ada/intro", soon("10:00"), *WHO, "--notes", "Hello").stdout
    assert shown.startswith("Booked.")
    assert "Intro with Ada Byron" in shown
    assert f"10:00–10:30 ({ZONE})" in shown
    assert "CONFIRMED" in shown
    assert "Hello" in shown


def test_a_booking_shows_who_comes_along(run: Command, booked: str, service: Application) -> None:
    with service.core.list_bookings.unit_of_work() as uow:
        found = uow.bookings.get(BookingId(booked))
        found.details = evolve(found.details, guests=("bea@example.org", "cy@example.org"))
        uow.bookings.save(found)
        uow.commit()
    assert "bea@example.org, cy@example.org" in run("show", booked).stdout


def test_what_strangers_wrote_does_not_command_the_operators_terminal(
    run: Command, soon: Typed, service: Application
) -> None:
    """What came from elsewhere, or before it was refused, is shown without it too."""
    booking = run.json("book", "ada/intro", soon("10:00"), *WHO)["booking"]["id"]
    with service.core.list_bookings.unit_of_work() as uow:
        found = uow.bookings.get(booking)
        found.details = evolve(found.details, notes="one\x1b[2J\x9b31m\ntwo\r\x07")
        uow.bookings.save(found)
        uow.commit()
    shown = run("show", booking).stdout
    assert "one[2J31m" in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    printed = run("show", booking, "--json").stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed)
    assert json.loads(printed)["booking"]["notes"] == "one\x1b[2J\x9b31m\ntwo\r\x07"


@pytest.mark.parametrize("option", ["--name", "--email", "--notes"])
def test_control_characters_are_refused(run: Command, soon: Typed, option: str) -> None:
    line = ["book", "ada/intro", soon("10:00"), *WHO, option, "bo\x9b2J@example.org"]
    assert run.json(*line, code=65)["code"] == "invalid_request"


def test_a_booking_is_answered_as_the_api_does(run: Command, soon: Typed) -> None:
    booking = run.json("book", "ada/intro", soon("10:00"), *WHO)["booking"]
    assert set(booking) >= {
        "id", "state", "step", "paymentStatus", "builderId", "sessionTypeId", "clientId", "contact",
        "startTime", "endTime", "location", "pathway", "answers", "notes", "guests", "calendlyEventId",
        "calendlyEventUri", "calendlyInviteeUri", "confirmationUrl", "createdAt", "manageToken",
    }  # fmt: skip
    assert booking["state"] == "CONFIRMED"
    assert booking["step"] == "BOOKING_COMPLETE"
    assert booking["clientId"] is None
    assert booking["contact"] == {
        "name": WHO[1],
        "email": WHO[3],
        "timezone": ZONE,
        "language": None,
    }
    assert booking["startTime"].endswith("Z")
    assert booking["confirmationUrl"].endswith(f"/bookings/{booking['id']}")


def test_a_start_is_read_in_the_clients_zone_or_with_its_offset(run: Command) -> None:
    day = day_ahead(5)
    local = run.json("book", "ada/intro", f"{day}T10:00", *WHO, "--timezone", "Asia/Tokyo")
    assert local["booking"]["startTime"] == f"{day}T01:00:00Z"
    exact = run.json("book", "ada/intro", f"{day}T10:00:00-05:00", *WHO)
    assert exact["booking"]["startTime"] == f"{day}T15:00:00Z"


def test_a_misspelt_zone_is_named_with_the_right_one(run: Command, soon: Typed) -> None:
    exact = f"{day_ahead(5)}T10:00:00Z"
    for start in (soon("10:00"), exact):
        line = ("book", "ada/intro", start, *WHO, "--timezone", "Europe/Berln")
        told = run(*line, code=65).stderr
        assert "'Europe/Berln'; did you mean Europe/Berlin?" in told
    for line in (("bookings",), ("show", "bkg_nothing"), ("slots", "ada/intro")):
        answer = run.json(*line, "--timezone", "Europe/Berln", code=65)
        assert answer["code"] == "unknown_timezone"
        assert answer["errors"][0]["pointer"] == "/timezone"


def test_the_list_says_when_a_booking_was_made(run: Command, booked: str) -> None:
    today = times.day(datetime.now(UTC), ZONE)
    assert f"booked {today}" in run("bookings", "--builder", "ada").stdout
    assert f"Booked on  {today}" in run("show", booked, "--timezone", ZONE).stdout


def test_a_page_after_no_booking_is_bad_input(run: Command, booked: str) -> None:
    for after in ("nonsense", "bkg_nothing"):
        assert "page before" in run("bookings", "--after", after, code=65).stderr
    run("bookings", "--after", booked)


def test_a_range_that_ends_before_it_begins_is_bad_input(run: Command) -> None:
    window = ("--from", str(day_ahead(3)), "--to", str(day_ahead(1)))
    for command in (("bookings",), ("slots", "ada/intro")):
        assert "'to' must lie after 'from'" in run(*command, *window, code=65).stderr


def test_a_time_too_far_ahead_comes_with_the_last_open_ones(run: Command) -> None:
    told = run("book", "ada/intro", f"{day_ahead(200)}T10:00", *WHO, code=1).stderr
    assert f"until {day_ahead(60)}" in told
    assert "Open instead" in told


def test_a_taken_time_is_refused_with_open_ones(run: Command, booked: str, soon: Typed) -> None:
    told = run("book", "ada/intro", soon("10:00"), *WHO, code=1).stderr
    assert "This time is taken" in told
    assert f"Open instead ({ZONE})" in told
    assert "10:30–11:00" in told
    answer = run.json("book", "ada/intro", soon("10:00"), *WHO, code=1)
    assert (answer["success"], answer["code"]) == (False, "slot_unavailable")
    assert len(answer["alternatives"]) == 5


def test_an_alternative_can_be_typed_as_it_is_shown(run: Command, booked: str, soon: Typed) -> None:
    told = run("book", "ada/intro", soon("10:00"), *WHO, code=1).stderr
    run("book", "ada/intro", told.strip().splitlines()[-1].split()[-1], *WHO)


def test_answers_are_read_by_the_kind_of_their_question(run: Command, soon: Typed) -> None:
    booking = run.json(
        "book", "ada/survey", soon("10:00"), *WHO, "--answer", "goal=x=y", "--answer", "topics=a",
        "--answer", "sure=yes", "--answer", "topics=c",
    )["booking"]  # fmt: skip
    values = {each["questionId"]: each["value"] for each in booking["answers"]}
    assert values == {"goal": "x=y", "sure": True, "topics": ["a", "c"]}
    shown = run("show", booking["id"]).stdout
    assert "Which topics?       a, c" in shown
    assert "Are you sure?       yes" in shown


def test_missing_answers_are_named(run: Command, soon: Typed) -> None:
    told = run("book", "ada/survey", soon("10:00"), *WHO, code=65).stderr
    assert "'goal' needs an answer: What is your goal?" in told
    run("book", "ada/survey", soon("10:00"), *WHO, "--answer", "goal", code=65)


def test_the_same_key_books_once(run: Command, soon: Typed) -> None:
    line = ("book", "ada/intro", soon("10:00"), *WHO, "--key", "k1")
    assert run.json(*line)["booking"]["id"] == run.json(*line)["booking"]["id"]
    assert run.json(*line, "--notes", "Other", code=65)["code"] == "key_reused"


def test_what_can_never_be_booked_is_bad_input(run: Command, soon: Typed) -> None:
    run("book", "ada/intro", soon("10:07"), *WHO, code=65)
    run("book", "ada/intro", "2020-01-01T10:00", *WHO, code=65)
    run("book", "ada/intro", "tomorrow", *WHO, code=65)
    run("book", "ada/intro", soon("10:00"), "--name", "Bo", "--email", "bo", code=65)


def test_a_client_without_a_name_is_wrong_usage(run: Command, soon: Typed) -> None:
    run("book", "ada/intro", soon("10:00"), "--email", "bo@example.org", code=2)


def test_a_session_for_signed_in_clients_is_not_for_the_anonymous(
    run: Command, soon: Typed
) -> None:
    run("book", "ada/route", soon("10:00"), *WHO, "--as", "anonymous", code=77)
    booked = run.json("book", "ada/route", soon("10:00"), *WHO, "--as", "client:c1")["booking"]
    assert (booked["clientId"], booked["pathway"]) == ("c1", "accelerate")


def test_bookings_are_listed_with_filters(run: Command, booked: str, soon: Typed) -> None:
    run("cancel", booked)
    kept = run.json("book", "ada/intro", soon("11:00"), *WHO, "--as", "client:c1")["booking"]["id"]

    def listed(*args: str) -> list[str]:
        return [each["id"] for each in run.json("bookings", *args)["bookings"]]

    assert set(listed()) == {booked, kept}
    assert listed("--state", "confirmed") == [kept]
    assert listed("--client", "c1") == [kept]
    assert listed("--as", "client:c1") == [kept]
    assert set(listed("--builder", "ada")) == {booked, kept}
    assert listed("--from", soon("10:30"), "--timezone", ZONE) == [kept]
    assert listed("--to", str(day_ahead(2))) == []
    first = run.json("bookings", "--limit", "1")
    assert [first["next"]] == [each["id"] for each in first["bookings"]]
    assert len(listed("--after", first["next"])) == 1


def test_bookings_are_a_table_that_fits(run: Command, booked: str) -> None:
    shown = run("bookings", "--builder", "ada").stdout
    assert shown.splitlines()[0].startswith(f"Start ({ZONE})")
    assert "Intro with Ada Byron for Bo Diddley" in shown
    assert booked in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_list_that_goes_on_says_how(run: Command, booked: str, soon: Typed) -> None:
    run("book", "ada/intro", soon("11:00"), *WHO)
    assert "There are more: add --after bkg_" in run("bookings", "--limit", "1").stdout


def test_no_bookings_is_an_answer_too(run: Command) -> None:
    assert "There are no such bookings." in run("bookings").stdout
    assert run.json("bookings") == {"bookings": [], "next": None}
    run("bookings", "--as", "anonymous", code=77)
    run("bookings", "--state", "sleeping", code=2)


def test_a_booking_is_shown_in_its_clients_zone(run: Command, soon: Typed) -> None:
    made = run.json("book", "ada/intro", soon("10:00"), *WHO, "--timezone", "Asia/Tokyo")
    name = made["booking"]["id"]
    assert "10:00–10:30 (Asia/Tokyo)" in run("show", name).stdout
    assert "01:00–01:30 (UTC)" in run("show", name, "--timezone", "UTC").stdout
    assert run.json("show", name)["booking"]["state"] == "CONFIRMED"


def test_somebody_elses_booking_is_not_found(run: Command, booked: str) -> None:
    for viewer in ("anonymous", "client:other"):
        run("show", booked, "--as", viewer, code=66)
        run("cancel", booked, "--as", viewer, code=66)
    assert "`booking bookings`" in run("show", "bkg_nothing", code=66).stderr


def test_a_booking_is_cancelled_once(run: Command, booked: str) -> None:
    shown = run("cancel", booked, "--reason", "Ill").stdout
    assert "CANCELLED" in shown
    assert "Ill" in shown
    assert run.json("cancel", booked, code=1)["code"] == "wrong_state"


def test_a_cancelled_booking_is_answered_as_json(run: Command, booked: str) -> None:
    assert run.json("cancel", booked)["booking"]["state"] == "CANCELLED"


def test_a_booking_is_moved(run: Command, booked: str, soon: Typed) -> None:
    shown = run("reschedule", booked, soon("12:00")).stdout
    assert shown.startswith("Moved.")
    assert "12:00–12:30" in shown
    run("book", "ada/intro", soon("10:00"), *WHO)


def test_a_move_to_a_taken_time_is_refused_with_open_ones(
    run: Command, booked: str, soon: Typed
) -> None:
    run("book", "ada/intro", soon("11:00"), *WHO)
    assert "Open instead" in run("reschedule", booked, soon("11:00"), code=1).stderr
    moved = run.json("reschedule", booked, soon("13:00"), "--timezone", ZONE)["booking"]
    assert moved["endTime"] > moved["startTime"]


def test_the_mail_of_a_booking_is_left_to_the_worker(
    run: Command, booked: str, service: Application
) -> None:
    assert service.core.work_outbox() > 0


def test_a_booking_is_not_moved_to_where_it_is(run: Command, soon: Callable[..., str]) -> None:
    booked = run.json("book", "ada/intro", soon("10:00"), *WHO)["booking"]
    problem = run.json("reschedule", booked["id"], booked["startTime"], code=65)
    assert "at that time already" in problem["error"]


def test_the_links_of_a_booking_are_revoked(
    run: Command, service: Application, booked: str
) -> None:
    before = service.core.show_booking(booking_id=BookingId(booked), actor=Actor.system())
    assert "A new link goes to bo@example.org." in run("revoke", booked).stdout
    after = service.core.show_booking(booking_id=BookingId(booked), actor=Actor.system())
    assert after.token_version == before.token_version + 1
    assert run.json("revoke", booked, "--as", "anonymous", code=66)["code"] == "not_found"
