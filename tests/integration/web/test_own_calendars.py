"""The routes by which a builder binds its own calendar account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from structlog.testing import capture_logs

from booking_core import (
    BuilderId,
    CalendarAccount,
    CalendarAccounts,
    FieldError,
    InvalidRequest,
    NoticeSubscriptions,
    ProviderFailed,
    Role,
)
from entrypoints.container import Application
from entrypoints.settings import Settings
from tests.integration.posting_calendar import SIGNATURE, PostingCalendar, application_on
from tests.integration.web.conftest import Caller

OWN = "/api/builders/me/calendar"
TOKEN = "pat-0123456789-of-robin"
FOUND = {"account": "https://calendar.test/users/robin", "name": "Robin"}


class Calendar(PostingCalendar, CalendarAccounts):
    """One at which Robin has an account."""

    def account_of(self, *, token: str) -> CalendarAccount:
        if token == "away-0123456789":
            raise ProviderFailed("The calendar does not answer.")
        if token != TOKEN:
            message = "The calendar does not take this token; make another one."
            raise InvalidRequest(message, [FieldError("/token", message)])
        return CalendarAccount(FOUND["account"], FOUND["name"])

    def notices(self) -> Mapping[BuilderId, NoticeSubscriptions]:
        return {}

    def notices_of(self, builder_id: BuilderId) -> NoticeSubscriptions | None:
        return None


@pytest.fixture(scope="module")
def service() -> Iterator[Application]:
    application = application_on(
        Calendar(), Settings.load({"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"})
    )
    application.seed()
    with capture_logs():
        yield application
    application.close()


@pytest.fixture(scope="module")
def robin(service: Application) -> Caller:
    client = service.web_app().test_client()
    return Caller(client, f"Bearer {service.mint(role=Role.BUILDER, id='demo')}")


def test_a_builder_binds_its_account_and_forgets_it_again(
    service: Application, robin: Caller
) -> None:
    assert robin.json("PUT", OWN, json={"token": TOKEN}) == FOUND
    assert robin.json("PUT", OWN, json={"token": TOKEN}) == FOUND
    [checked] = service.core.check_calendars()
    assert (checked.account, checked.problem) == (FOUND["account"], "")
    assert robin.json("DELETE", OWN) == {"removed": True}
    assert robin.json("DELETE", OWN) == {"removed": False}


def test_an_admin_does_so_for_anybody_and_for_itself_there_is_none(
    service: Application, robin: Caller
) -> None:
    root = robin.as_(f"Bearer {service.mint(role=Role.ADMIN, id='root')}")
    assert root.json("PUT", "/api/builders/demo/calendar", json={"token": TOKEN}) == FOUND
    root.refused(404, "not_found", "PUT", OWN, json={"token": TOKEN})
    assert root.json("DELETE", "/api/builders/demo/calendar") == {"removed": True}


def test_no_answer_shows_the_token(robin: Caller) -> None:
    robin.json("PUT", OWN, json={"token": TOKEN})
    for path in (
        "/api/marketplace/builders/demo",
        "/api/builders/me/session-types",
        "/api/me",
        "/api/admin/trail",
    ):
        answer = robin("GET", path)
        assert answer.status_code == 200
        assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "token", ["another-0123456789", "", "x" * 2_001, 4711, None, ["pat-0123456789"]], ids=range(6)
)
def test_a_token_that_is_none_is_refused_and_not_repeated(robin: Caller, token: object) -> None:
    problem = robin.refused(422, "invalid_request", "PUT", OWN, json={"token": token})
    assert [each["pointer"] for each in problem["errors"]] == ["/token"]
    assert not token or str(token) not in str(problem)


def test_a_field_beside_it_is_refused(robin: Caller) -> None:
    body = {"token": TOKEN, "account": "https://calendar.test/users/eve"}
    problem = robin.refused(422, "invalid_request", "PUT", OWN, json=body)
    assert [each["pointer"] for each in problem["errors"]] == ["/account"]
    assert TOKEN not in str(problem)


def test_a_provider_that_is_away_is_to_be_asked_again(robin: Caller) -> None:
    robin.refused(503, "provider_failed", "PUT", OWN, json={"token": "away-0123456789"})


def test_what_is_posted_about_an_own_account_is_taken(robin: Caller) -> None:
    said = {"data": "m1 https://calendar.test/events/1", "headers": {"Signature": SIGNATURE}}
    assert robin("POST", "/api/webhooks/calendly?builder=demo", **said).status_code == 200
    assert robin("POST", "/api/webhooks/calendly?builder=demo", data="m2 x").status_code == 400


def test_the_document_calls_it_a_password(robin: Caller) -> None:
    document = robin("GET", "/api/openapi.json").json
    assert document is not None
    field = document["components"]["schemas"]["CalendarBody"]["properties"]["token"]
    assert (field["format"], field["writeOnly"], field["maxLength"]) == ("password", True, 2_000)
