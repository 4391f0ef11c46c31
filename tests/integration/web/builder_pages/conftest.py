"""A service whose builder keeps its pages, and the browsers of those who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from adapters.memory import MemoryStore
from entrypoints.container import Application
from tests.integration.forms import Browser
from tests.integration.web.conftest import seeded
from tests.integration.web.test_sign_in import sign_in

ROBIN = "robin@example.org"


@pytest.fixture(scope="module")
def running() -> Iterator[Application]:
    """Which store there is makes no difference to a form."""
    service = seeded("memory://", BOOKING_MAILER="memory")
    with capture_logs():
        yield service
    service.close()


@pytest.fixture(scope="module")
def app(running: Application) -> Flask:
    return web(running)


@pytest.fixture
def service(running: Application) -> Iterator[Application]:
    """As it is when it begins; what is done to it is taken back in the end."""
    store = running.schema
    assert isinstance(store, MemoryStore)
    before = store.committed.copy()
    yield running
    before.catalogue_version = store.committed.catalogue_version + 1
    store.committed = before


@pytest.fixture
def at_calendly() -> Iterator[Application]:
    """A service whose builders keep their hours at Calendly."""
    service = seeded(
        "memory://",
        BOOKING_MAILER="memory",
        BOOKING_CALENDAR="calendly",
        CALENDLY_API_KEY="a-personal-access-token-of-nobody",
    )
    yield service
    service.close()


@pytest.fixture
def browser(service: Application, app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def robin(browser: FlaskClient, service: Application) -> FlaskClient:
    """The browser of the builder."""
    assert sign_in(browser, service, ROBIN).status_code == 303
    return browser


def web(service: Application) -> Flask:
    app: Flask = service.web_app()
    app.test_client_class = Browser
    return app


def plain(page: TestResponse) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", "", page.text)).split())
