"""The web door on a seeded service, in memory and on SQLite, and callers to knock at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import frozen
from flask.testing import FlaskClient
from pydantic import BaseModel
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from booking_core import Role
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from entrypoints.web import answers
from tests.integration.forms import Browser
from tests.postgres import PostgresServer

ZONE = "Europe/Berlin"
BOOKINGS = "/api/scheduling/bookings"
BO = {"name": "Bo Diddley", "email": "bo@example.org", "timezone": ZONE}


def day_ahead(days: int) -> date:
    return datetime.now(ZoneInfo(ZONE)).date() + timedelta(days=days)


@frozen
class Caller:
    """Sends requests, always with the same credential."""

    client: FlaskClient
    authorization: str | None = None

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.authorization:
            headers.setdefault("Authorization", self.authorization)
        answer = self.client.open(path, method=method, headers=headers, **options)
        if answer.data and answer.mimetype == "application/json" and path.startswith("/api/"):
            self._as_documented(method, path, answer)
        return answer

    def _as_documented(self, method: str, path: str, answer: TestResponse) -> None:
        """Every answer of every test has the form that the OpenAPI document promises."""
        app: Any = self.client.application
        found = app.url_map.bind("localhost").match(
            path.partition("?")[0], method, return_rule=True
        )
        documented = re.sub(r"<(\w+)>", r"{\1}", found[0].rule)
        if documented not in app.api_doc["paths"]:  # the document itself
            return
        described = {"HEAD": "get"}.get(method, method.lower())
        promised = app.api_doc["paths"][documented][described]["responses"]
        schema = promised[str(answer.status_code)]["content"]["application/json"]["schema"]
        model: type[BaseModel] = getattr(answers, schema["$ref"].rpartition("/")[2])
        read = model.model_validate(answer.json)
        assert read.model_dump(by_alias=True, exclude_unset=True) == answer.json

    def json(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        answer = self(method, path, **options)
        assert answer.status_code == status, answer.text
        return answer.json

    def refused(
        self, status: int, code: str, method: str, path: str, **options: Any
    ) -> dict[str, Any]:
        """The problem of a request that is answered with no."""
        answer = self(method, path, **options)
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/problem+json"
        problem: dict[str, Any] = answer.json  # type: ignore[assignment]  # is an object
        assert problem["code"] == code
        assert problem["type"] == f"/problems/{code.replace('_', '-')}"
        assert (problem["status"], problem["success"]) == (status, False)
        assert problem["detail"] == problem["error"]
        assert problem["title"]
        assert problem["requestId"] == answer.headers["X-Request-ID"]
        return problem

    def as_(self, authorization: str) -> Caller:
        return Caller(self.client, authorization)

    # ---- the usual steps -------------------------------------------------------------------

    def slots(self, session_type: str = "getting-started", **query: Any) -> list[dict[str, Any]]:
        """The open slots of three weeks, from tomorrow on."""
        query = {"from": day_ahead(1), "to": day_ahead(21)} | query
        path = f"/api/scheduling/session-types/{session_type}/slots"
        found: list[dict[str, Any]] = self.json("GET", path, query_string=query)["slots"]
        assert found
        return found

    def wish(self, session_type: str = "getting-started", place: int = 0, **more: Any) -> Any:
        """The body that books an open slot."""
        slot = self.slots(session_type)[place]
        times = {name: slot[name] for name in ("startTime", "endTime")}
        return {"sessionTypeId": session_type, "timeSlot": times, "clientDetails": BO} | more

    def book(self, session_type: str = "getting-started", **more: Any) -> dict[str, Any]:
        wish = self.wish(session_type, **more)
        booked: dict[str, Any] = self.json("POST", f"{BOOKINGS}/confirm", 201, json=wish)
        return booked["booking"]  # type: ignore[no-any-return]  # is an object


#: What is asked of PostgreSQL as well; the rest of the doors does not know which store there is.
_ON_POSTGRESQL = ("test_bookings", "test_paying", "test_provider", "test_slots")
#: What is refused, mostly before any store is asked: tried on the one that could choke on it.
_ON_SQLITE_ALONE = ("test_bad_input",)
#: What a page shows, whatever store there is.
_IN_MEMORY_ALONE = (
    "test_booking_page",
    "test_choosing_a_time",
    "test_embedding",
    "test_provider_frame",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "application" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        stores = [] if module in _ON_SQLITE_ALONE else ["memory"]
        stores += [] if module in _IN_MEMORY_ALONE else ["sqlite"]
        stores += ["postgresql"] if module in _ON_POSTGRESQL else []
        metafunc.parametrize("application", stores, indirect=True)


def seeded(url: str, **settings: str) -> Application:
    """A service on a new database, with the starter catalogue."""
    given = {"DATABASE_URL": url, "LOG_LEVEL": "ERROR", "RATE_LIMITS": "off"} | settings
    application = assemble(Settings.load(given))
    application.schema.upgrade()
    application.seed()
    return application


@pytest.fixture(scope="session")
def seeded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test on SQLite begins with; to copy it takes a tenth of the time of making it."""
    path = tmp_path_factory.mktemp("seeded") / "booking.db"
    seeded(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def seeded_postgres(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        seeded(url.replace("+psycopg", "")).close()
        yield url


@pytest.fixture
def application(
    request: pytest.FixtureRequest, tmp_path: Path, seeded_sqlite: Path
) -> Iterator[Application]:
    settings = getattr(request.module, "SETTINGS", {})
    if request.param == "postgresql":
        template = request.getfixturevalue("seeded_postgres")
        url = request.getfixturevalue("fresh_postgres")(template=template)
        url = url.replace("+psycopg", "")
    elif request.param == "sqlite":
        url = f"sqlite:///{copy(seeded_sqlite, tmp_path / 'booking.db')}"
    else:
        url = "memory://"
    application = seeded(url, **settings)
    with capture_logs():
        yield application
    application.close()


@pytest.fixture
def client(application: Application) -> FlaskClient:
    """A browser or program that has no credential, only cookies."""
    app = application.web_app()
    app.test_client_class = Browser
    client: FlaskClient = app.test_client()
    return client


@pytest.fixture
def anyone(client: FlaskClient) -> Caller:
    return Caller(client)


@pytest.fixture
def signed_in(anyone: Caller, application: Application) -> Callable[..., Caller]:
    """A caller with a bearer token: `signed_in(Role.CLIENT, "ana")`."""

    def caller(role: Role, id: str, **contact: str) -> Caller:
        return anyone.as_(f"Bearer {application.mint(role=role, id=id, **contact)}")

    return caller


@pytest.fixture
def ana(signed_in: Callable[..., Caller]) -> Caller:
    """A client whose token says how to reach her."""
    return signed_in(Role.CLIENT, "ana", name="Ana Ng", email="ana@example.org")


@pytest.fixture
def robin(signed_in: Callable[..., Caller]) -> Caller:
    """The builder of the starter catalogue."""
    return signed_in(Role.BUILDER, "demo")


@pytest.fixture
def other_builder(signed_in: Callable[..., Caller]) -> Caller:
    return signed_in(Role.BUILDER, "somebody-else")


@pytest.fixture
def admin(signed_in: Callable[..., Caller]) -> Caller:
    return signed_in(Role.ADMIN, "root")
