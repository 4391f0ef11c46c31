"""The builders' cards and their pages: what can be booked, when next, and what a sign-in adds (A8, H2)."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from booking_core import Actor
from entrypoints.container import Application
from entrypoints.times import rfc3339
from tests.integration.web.conftest import Caller


def test_a_card_says_when_its_builder_can_be_booked_next_and_how_old_that_is(
    client: FlaskClient, application: Application
) -> None:
    assert "Next opening" not in client.get("/").text  # and the page waits for nobody
    application.core.refresh_openings()
    opening = application.core.list_cards(actor=Actor.anonymous())[0].opening
    assert opening is not None
    for path in ("/", "/b/demo"):
        page = client.get(path, headers={"Accept-Language": "en-US"}).text
        assert f'<time datetime="{rfc3339(opening.next_start)}" data-local="en-US">' in page
        assert "Europe/Berlin" in page
        assert "seen 1 minute ago" in page


def test_what_needs_a_sign_in_is_only_counted_for_strangers(client: FlaskClient) -> None:
    page = client.get("/b/demo").text
    assert "3 sessions for clients who are signed in" in page
    assert '/signin?to=/b/demo">Sign in to book' in page
    assert "Pivot" not in page


def test_a_card_calls_to_sign_in_where_all_is_for_clients(
    client: FlaskClient, admin: Caller
) -> None:
    body = {"name": "Ada Byron", "slug": "ada", "email": "ada@example.org", "timezone": "UTC"}
    ada = admin.json("POST", "/api/admin/builders", 201, json=body)["id"]
    assert "No sessions at the moment" in client.get("/").text
    inner = {"builderId": ada, "title": "Inner", "requiresAuth": True}
    admin.json("POST", "/api/admin/session-types", 201, json=inner)
    page = client.get("/").text
    assert '/signin?to=/b/ada" aria-label="Sign in to book Ada Byron"' in page


@pytest.mark.parametrize(
    ("photo", "shown"),
    [
        (None, ">RD<"),
        ("https://example.org/robin.jpg", ">RD<"),
        ("/photos/robin.jpg", 'src="/photos/robin.jpg" alt=""'),
    ],
)
def test_a_photo_is_shown_from_our_own_site_only(
    client: FlaskClient, robin: Caller, photo: str | None, shown: str
) -> None:
    robin.json("PATCH", "/api/admin/builders", json={"id": "demo", "photoUrl": photo})
    page = client.get("/").text
    assert shown in page
    assert "example.org" not in page
