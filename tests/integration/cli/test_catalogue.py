import json
from pathlib import Path

import pytest

from booking_core import Role
from entrypoints.container import Application
from tests.integration.cli.conftest import ZONE, Command


def test_builders_are_listed_by_name_and_slug(run: Command) -> None:
    lines = run("builders").stdout.splitlines()
    assert lines[0].split() == ["Builder", "Slug", "Time", "zone", "Headline"]
    assert lines[1].split() == ["Ada", "Byron", "ada", ZONE, "Engines", "and", "poetry"]
    [builder] = run.json("builders")["builders"]
    assert (builder["slug"], builder["name"], builder["timezone"]) == ("ada", "Ada Byron", ZONE)


def test_a_builder_is_added_and_then_found(run: Command) -> None:
    added = run(
        "builders", "add", "--name", "Cy Tombly", "--email", "cy@example.org",
        "--timezone", "Asia/Kathmandu", "--headline", "Lines",
    )  # fmt: skip
    assert "Added Cy Tombly as cy-tombly" in added.stdout
    assert "cy-tombly" in run("builders").stdout
    assert "Monday      closed" in run("schedule", "cy-tombly").stdout


def test_an_added_builder_is_answered_as_json(run: Command) -> None:
    answer = run.json(
        "builders", "add", "--name", "Cy", "--email", "cy@example.org", "--timezone", "UTC",
        "--slug", "cyrus",
    )  # fmt: skip
    assert answer["builder"]["slug"] == "cyrus"


def test_a_builder_with_a_slug_that_is_taken_is_bad_input(run: Command) -> None:
    add = ("builders", "add", "--name", "Ada", "--email", "a@example.org", "--timezone", "UTC")
    assert run.json(*add, "--slug", "ada", code=65)["code"] == "invalid_request"


def test_a_builder_is_changed_in_what_is_named_and_in_nothing_else(run: Command) -> None:
    [before] = run.json("builders")["builders"]
    changed = run.json(
        "builders", "change", "ada", "--headline", "Notes", "--photo", "https://x.org/a.png",
        "--email", "byron@example.org", "--language", "de", "--reminder", "1440", "--reminder", "60",
        "--client-accounts", "--embed-site", "https://x.org",
    )["builder"]  # fmt: skip
    assert changed == before | {
        "headline": "Notes",
        "photoUrl": "https://x.org/a.png",
        "email": "byron@example.org",
        "language": "de",
        "reminders": [1440, 60],
        "clientAccounts": True,
        "embedSites": ["https://x.org"],
    }
    less = run.json(
        "builders", "change", "ada", "--photo", "", "--reminder", "", "--embed-site", "",
        "--no-client-accounts",
    )["builder"]  # fmt: skip
    assert (less["photoUrl"], less["reminders"], less["embedSites"]) == (None, [], [])
    assert less["clientAccounts"] is False
    assert less["headline"] == "Notes"


def test_a_builder_is_taken_off_and_found_again_among_all(run: Command) -> None:
    shown = run("builders", "change", "ada", "--not-active").stdout
    assert "Changed Ada Byron." in shown
    assert run.json("builders")["builders"] == []
    assert "(not active)" in run("builders", "--all").stdout
    assert run.json("builders", "--all")["builders"][0]["active"] is False
    run("builders", "change", "ada", "--active")
    assert len(run.json("builders")["builders"]) == 1


def test_a_change_of_a_builder_that_is_none_is_refused(run: Command) -> None:
    run("builders", "change", "ada", code=2)
    run("builders", "change", "nobody", "--name", "X", code=66)
    run("builders", "change", "ada", "--reminder", "soon", code=65)
    run("builders", "change", "ada", "--reminder", "9" * 30, code=65)
    run("builders", "change", "ada", "--photo", "javascript:alert(1)", code=65)


def test_a_session_type_is_taken_off_and_put_back(run: Command) -> None:
    def offered() -> list[str]:
        return [each["id"] for each in run.json("session-types")["sessionTypes"]]

    before = offered()
    taken, *left = before
    changed = run.json("session-types", "change", taken, "--not-active")["sessionType"]
    assert (changed["id"], changed["active"]) == (taken, False)
    assert offered() == left
    all_of_them = run.json("session-types", "--builder", "ada", "--as", "admin")["sessionTypes"]
    assert {each["id"]: each["active"] for each in all_of_them}[taken] is False
    assert "can be booked." in run("session-types", "change", taken, "--active").stdout
    assert offered() == before


def test_a_change_of_a_session_type_that_says_nothing_or_names_none_is_refused(
    run: Command,
) -> None:
    run("session-types", "change", "nothing", "--active", code=66)
    [taken, *_] = run.json("session-types")["sessionTypes"]
    run("session-types", "change", taken["id"], code=2)


def test_session_types_are_found_by_category_and_pathway(run: Command) -> None:
    def titles(*options: str) -> list[str]:
        return [each["title"] for each in run.json("session-types", *options)["sessionTypes"]]

    assert titles("--category", "specialized") == ["Deep dive"]
    assert titles("--pathway", "accelerate") == ["Route"]
    assert titles("--builder", "ada", "--category", "pathway") == ["Route"]
    assert titles("--category", "free", "--pathway", "accelerate") == []
    run("session-types", "--category", "dear", code=2)


def test_an_unknown_zone_is_bad_input(run: Command) -> None:
    add = ("builders", "add", "--name", "Cy", "--email", "cy@example.org", "--timezone", "Mars/Rim")
    assert "IANA" in run(*add, code=65).stderr


def test_a_schedule_is_shown_by_day_with_what_differs(run: Command) -> None:
    given = {
        "timezone": ZONE,
        "weekly": {
            "monday": [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]
        },
        "overrides": {"2026-12-24": [], "2026-12-28": [{"start": "10:00", "end": "12:00"}]},
        "timeOff": [{"startTime": "2027-01-04T08:00:00Z", "endTime": "2027-01-05T08:00:00Z"}],
    }
    shown = run("schedule", "ada", "--set", "-", input=json.dumps(given)).stdout
    assert "Monday      09:00–12:00, 13:00–17:00" in shown
    assert "Tuesday     closed" in shown
    assert "Thu 2026-12-24  closed" in shown
    assert "Mon 2026-12-28  10:00–12:00" in shown
    assert "Mon  4 Jan 2027 09:00–Tue  5 Jan 2027 09:00" in shown


def test_a_schedule_is_read_as_it_is_written(run: Command, tmp_path: Path) -> None:
    given = {
        "timezone": "Asia/Kathmandu",
        "weekly": {"sunday": [{"start": "22:00", "end": "02:00"}]},
        "overrides": {"2026-12-24": []},
        "timeOff": [
            {
                "startTime": "2027-01-04T08:00:00Z",
                "endTime": "2027-01-05T08:00:00Z",
                "reason": "Skiing",
            }
        ],
    }
    file = tmp_path / "hours.json"
    file.write_text(json.dumps(given))
    assert run.json("schedule", "ada", "--set", str(file)) == given
    assert run.json("schedule", "ada") == given


def test_hours_that_overlap_are_refused_with_their_place(run: Command) -> None:
    ranges = [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}]
    given = json.dumps({"timezone": ZONE, "weekly": {"monday": ranges}})
    answer = run.json("schedule", "ada", "--set", "-", code=65, input=given)
    assert answer["errors"][0]["pointer"] == "/weekly/monday/1"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{'monday'", "<stdin> is not JSON: line 1, column 2"),
        ("[]", 'A schedule is an object, such as {"timezone": "Europe/Berlin", "weekly"'),
        ("{}", "'timezone' is missing"),
        ({"timezone": 7}, "'timezone' must be text"),
        ({"timezone": "Europe/Berln"}, "did you mean Europe/Berlin?"),
        ({"weekdays": {}}, "There is no 'weekdays' in a schedule"),
        ({"weekly": []}, "'weekly' must be an object"),
        ({"weekly": {"moonday": []}}, "'moonday' is no weekday; write monday"),
        ({"weekly": {"monday": {}}}, 'monday: give a list, such as [{"start": "09:00"'),
        ({"weekly": {"monday": ["9-17"]}}, 'monday: give hours such as {"start": "09:00"'),
        ({"weekly": {"friday": [{"start": "09:00"}]}}, 'friday: give hours such as {"start"'),
        ({"weekly": {"friday": [{"start": 9, "end": 17}]}}, 'friday: give hours such as {"start"'),
        (
            {"weekly": {"friday": [{"start": "9", "end": "17:00"}]}},
            "friday: '9' is no start; give a time from 00:00 to 23:59, such as 09:00.",
        ),
        (
            {"overrides": {"2026-12-24": [{"start": "09:00", "end": "25:00"}]}},
            "2026-12-24: '25:00' is no end; give a time from 00:00 to 24:00, such as 17:00.",
        ),
        ({"overrides": {"christmas": []}}, "'christmas' is no date; write 2026-12-24"),
        ({"timeOff": [{"startTime": "2027-01-01"}]}, 'time off: give {"startTime"'),
        ({"timeOff": [{"startTime": "soon", "endTime": "x"}]}, "time off: Give a date such as"),
        (
            {"timeOff": [{"startTime": "2027-01-01T10:00", "endTime": "2027-01-03"}]},
            "time off: Give a time with an offset",
        ),
        (
            {"timeOff": [{"startTime": "2027-01-01", "endTime": "2027-01-03", "reson": "ski"}]},
            "time off: There is no 'reson' in time off; it has startTime, endTime, reason.",
        ),
        (
            {"weekly": {"friday": [{"start": "09:00", "end": "17:00", "ends": "18:00"}]}},
            "friday: There is no 'ends' in hours; it has start, end.",
        ),
        (
            {"weekly": {"monday": [{"start": "09:00", "end": "17:00"}] * 2}},
            "monday: These hours overlap 09:00-17:00 of the same day.",
        ),
    ],
)
def test_a_schedule_that_is_none_is_told_by_its_day_with_an_example(
    run: Command, given: str | dict[str, object], told: str
) -> None:
    text = given if isinstance(given, str) else json.dumps({"timezone": ZONE} | given)
    said = run("schedule", "ada", "--set", "-", code=65, input=text).stderr
    assert told in " ".join(said.split())


def test_time_off_by_dates_ends_with_its_last_day_as_through_the_api(
    run: Command, service: Application
) -> None:
    """One reader for both doors: the same file says the same."""
    given = {
        "timezone": ZONE,
        "overrides": [{"date": "2026-12-24", "hours": []}],
        "timeOff": [{"start": "2026-12-27", "end": "2026-12-31", "reason": "away"}],
    }
    typed = run.json("schedule", "ada", "--set", "-", input=json.dumps(given))
    token = service.mint(role=Role.ADMIN, id="root")
    client = service.web_app().test_client()
    put = client.put(
        "/api/builders/ada/schedule", json=given, headers={"Authorization": f"Bearer {token}"}
    )
    assert put.json == typed
    assert typed["timeOff"][0]["endTime"] == "2026-12-31T23:00:00Z"
    assert typed["overrides"] == {"2026-12-24": []}


def test_a_file_that_is_not_there_is_wrong_usage(run: Command) -> None:
    run("schedule", "ada", "--set", "nowhere.json", code=2)


def test_session_types_are_named_as_other_commands_take_them(run: Command) -> None:
    shown = run("session-types").stdout
    assert "ada/intro" in shown
    assert "120.00 EUR" in shown
    assert "Route (accelerate, signed-in only)" in shown


def test_an_anonymous_viewer_is_not_shown_what_needs_signing_in(run: Command) -> None:
    def titles(*args: str) -> set[str]:
        return {each["title"] for each in run.json("session-types", *args)["sessionTypes"]}

    everybody = {"Intro", "Group", "Deep dive", "Survey"}
    assert titles("--as", "anonymous") == everybody
    assert titles("--as", "client") == everybody | {"Route"}
    assert titles("--builder", "ada", "--as", "client:c1") == everybody | {"Route"}
    assert titles("--builder", "ada", "--as", "builder:ada") == everybody | {"Route", "Retired"}
    assert titles("--builder", "ada") == everybody | {"Route", "Retired"}


def test_only_its_builder_and_operators_see_the_inner_fields(run: Command) -> None:
    def fields(viewer: str) -> set[str]:
        return set(run.json("session-types", "--as", viewer)["sessionTypes"][0])

    inner = {"buffers", "minimumNotice", "horizon", "active"}
    assert inner <= fields("builder:ada")
    assert inner <= fields("admin")
    assert not inner & fields("anonymous")


def test_visibility_is_explained(run: Command) -> None:
    shown = run("explain-visibility", "ada/route").stdout
    assert shown.startswith("✗ Route is not visible to anonymous.")
    assert "signed-in" in shown
    assert run("explain-visibility", "ada/route", "--as", "client").stdout.startswith("✓")
    answer = run.json("explain-visibility", "ada/retired", "--as", "admin")
    assert (answer["visible"], answer["reason"]) == (False, "It is not active.")


def test_a_viewer_that_is_none_is_wrong_usage(run: Command) -> None:
    for viewer in ("nobody", "builder", "anonymous:x"):
        run("session-types", "--as", viewer, code=2)
    run("session-types", "--as", "builder:nobody", code=66)
