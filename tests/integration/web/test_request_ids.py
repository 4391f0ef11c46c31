"""One id leads from a request through its jobs to the calls of providers."""

from __future__ import annotations

import pytest

from booking_core import REQUEST_ID
from entrypoints.container import Application
from tests.integration.web.conftest import BOOKINGS, Caller


def test_what_a_request_leaves_to_jobs_is_done_under_its_id(
    ana: Caller, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    under: list[str] = []
    monkeypatch.setattr(
        type(application.mailer), "send", lambda _, mail: under.append(REQUEST_ID.get())
    )
    asked = {"X-Request-ID": "req-1"}
    ana.json("POST", f"{BOOKINGS}/confirm", 201, json=ana.wish(), headers=asked)
    ana("GET", "/healthz", headers={"X-Request-ID": "req-2"})
    while application.core.work_outbox():
        pass
    assert under
    assert set(under) == {"req-1"}
    assert REQUEST_ID.get() == ""
