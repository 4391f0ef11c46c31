"""Builders' own calendar accounts, from the command line."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from click.testing import _NamedTextIOWrapper

from booking_core import (
    BuilderId,
    CalendarAccount,
    CalendarAccounts,
    FieldError,
    InvalidRequest,
    NoticeSubscriptions,
    ProviderFailed,
)
from entrypoints.container import Application
from tests.integration.cli.conftest import Command
from tests.integration.posting_calendar import PostingCalendar, application_on

TOKEN = "pat-0123456789-of-ada"
URI = "https://calendar.test/users/ada"
BIND = ("builders", "bind-calendar", "ada")


class Calendar(PostingCalendar, CalendarAccounts):
    """One at which builders have accounts, each with notices of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.bound: dict[BuilderId, NoticeSubscriptions] = {}

    def account_of(self, *, token: str) -> CalendarAccount:
        if token != TOKEN:
            message = "The calendar does not take this token; make another one."
            raise InvalidRequest(message, [FieldError("/token", message)])
        return CalendarAccount(URI, "Ada")

    def notices(self) -> Mapping[BuilderId, NoticeSubscriptions]:
        return self.bound

    def notices_of(self, builder_id: BuilderId) -> NoticeSubscriptions | None:
        return self.bound.get(builder_id)


class Away(PostingCalendar):
    def _call(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise ProviderFailed("Bind it again.", retryable=False)


@pytest.fixture
def calendar(service: Application, monkeypatch: pytest.MonkeyPatch) -> Calendar:
    calendar = Calendar()
    monkeypatch.setattr(
        "entrypoints.container.assemble", lambda settings: application_on(calendar, settings)
    )
    return calendar


@pytest.mark.usefixtures("calendar")
def test_the_token_comes_by_standard_input_and_is_shown_nowhere(run: Command) -> None:
    told = run(*BIND, input=f"  {TOKEN}\n")
    assert "Ada" in told.stdout
    assert "sync-event-types --builder ada" in told.stdout
    assert TOKEN not in told.output
    assert run.json(*BIND, input=TOKEN) == {"calendar": {"account": URI, "name": "Ada"}}
    shown = run("builders", "change", "ada", "--headline", "New")
    assert URI in " ".join(shown.stdout.split())
    assert TOKEN not in shown.output + run("trail", "--json").output
    assert run.json("builders", "unbind-calendar", "ada") == {"removed": True}
    assert "There was none" in run("builders", "unbind-calendar", "ada", code=66).stdout


@pytest.mark.usefixtures("calendar")
def test_on_a_terminal_it_is_asked_for(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_NamedTextIOWrapper, "isatty", lambda _: True, raising=False)
    told = run(*BIND, input=f"{TOKEN}\n")
    assert "Token:" in told.stderr
    assert URI in told.stdout


@pytest.mark.usefixtures("calendar")
def test_in_the_command_line_it_has_no_place(run: Command) -> None:
    run(*BIND, TOKEN, code=2)


@pytest.mark.usefixtures("calendar")
@pytest.mark.parametrize("wrong", ["", "another-0123456789"], ids=["none", "wrong"])
def test_a_token_that_is_not_taken_is_bad_input(run: Command, wrong: str) -> None:
    told = run.json(*BIND, code=65, input=wrong)
    assert told["code"] == "invalid_request"
    run("builders", "bind-calendar", "nobody", code=66, input=TOKEN)


def test_a_calendar_without_accounts_says_no(run: Command) -> None:
    assert "no accounts" in run(*BIND, code=1, input=TOKEN).stderr


def test_notices_of_own_accounts_are_registered_listed_and_ended(
    run: Command, service: Application, calendar: Calendar
) -> None:
    ada = service.core.list_builders()[0].id
    own = PostingCalendar()
    calendar.bound = {ada: own}
    assert "Ada Byron" in run("webhooks", "register").stdout
    assert [each.url for each in own.subscribed] == [f"{calendar.subscribed[0].url}?builder={ada}"]
    listed = run.json("webhooks")["webhooks"]
    assert [each["builderId"] for each in listed] == [None, ada]
    assert "Ada Byron's own account" in " ".join(run("webhooks").stdout.split())
    assert run.json("webhooks", "rotate")["builders"][0]["active"]
    assert run.json("webhooks", "remove", own.subscribed[0].uri)["removed"] == 1
    assert (len(own.subscribed), len(calendar.subscribed)) == (0, 1)
    run("webhooks", "register")
    assert run.json("webhooks", "remove")["removed"] == 2


def test_unbinding_ends_its_notices(run: Command, calendar: Calendar) -> None:
    run(*BIND, input=TOKEN)
    [ada] = run.json("builders")["builders"]
    own = PostingCalendar()
    calendar.bound = {BuilderId(ada["id"]): own}
    run("webhooks", "register")
    assert len(own.subscribed) == 1
    assert run.json("builders", "unbind-calendar", "ada") == {"removed": True}
    assert (len(own.subscribed), len(calendar.subscribed)) == (0, 1)


def test_who_could_not_be_asked_is_named_and_keeps_nobody_from_it(
    run: Command, service: Application, calendar: Calendar
) -> None:
    ada = service.core.list_builders()[0].id
    calendar.bound = {ada: Away()}
    told = run.json("webhooks", "register", code=1)
    assert told["webhook"]["active"]
    assert told["failed"] == [{"builderId": ada, "about": None, "detail": "Bind it again."}]
    assert "Bind it again" in run("webhooks").stdout


@pytest.mark.parametrize("how", ["register", "rotate"])
def test_what_the_services_account_may_not_keeps_no_builders_account_from_it(
    run: Command, service: Application, calendar: Calendar, how: str
) -> None:
    ada, own = service.core.list_builders()[0].id, PostingCalendar()
    calendar.bound = {ada: own}
    for _ in range(2):
        calendar.break_next(
            "subscribe", error=ProviderFailed("The plan has none.", retryable=False)
        )
    told = run.json("webhooks", how, code=1)
    assert (told["webhook"], [each["builderId"] for each in told["builders"]]) == (None, [ada])
    assert told["failed"] == [{"builderId": None, "about": None, "detail": "The plan has none."}]
    lines = [" ".join(line.split()) for line in run("webhooks", how, code=1).stdout.splitlines()]
    assert "✗ The service's account The plan has none." in lines
    assert [line for line in lines if line.startswith("✓ Ada Byron's own account")]
    assert len(own.subscribed) == 1


def test_what_the_services_account_may_not_hides_no_builders_account(
    run: Command, service: Application, calendar: Calendar
) -> None:
    ada, own = service.core.list_builders()[0].id, PostingCalendar()
    calendar.bound = {ada: own}
    run("webhooks", "register")
    refused = {"builderId": None, "about": None, "detail": "No scope."}
    for _ in range(2):
        calendar.break_next("subscriptions", error=ProviderFailed("No scope.", retryable=False))
    told = run.json("webhooks")
    assert ([each["builderId"] for each in told["webhooks"]], told["failed"]) == ([ada], [refused])
    assert run.json("webhooks", "remove") == {"removed": 1, "failed": [refused]}
    assert own.subscribed == []


def test_what_the_services_account_may_not_keeps_no_builders_account_from_being_looked_after(
    service: Application, calendar: Calendar
) -> None:
    own, ada = PostingCalendar(), service.core.list_builders()[0].id
    calendar.bound = {ada: own}
    notices = application_on(calendar, service.settings).notices
    assert notices is not None
    own.subscribe(url=next(iter(notices.of_builders().values())).url)
    own.give_up()
    calendar.break_next("subscriptions", error=ProviderFailed("No scope.", retryable=False))
    assert notices.watch()
    assert [each.active for each in own.subscribed][-1]


def test_what_the_only_account_may_not_is_told_as_everywhere(
    run: Command, calendar: Calendar
) -> None:
    calendar.break_next("subscribe", error=ProviderFailed("The plan has none.", retryable=False))
    assert run.json("webhooks", "register", code=69)["error"] == "The plan has none."
