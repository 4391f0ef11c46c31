"""What people write is shown as text: no script of theirs runs, on any page.

A script that ran would open a dialog; one that the content security policy stopped would leave a
complaint on the console. Both fail the test when the visitor leaves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from booking_core import (
    Actor,
    BuilderId,
    Category,
    Contact,
    Location,
    LocationKind,
    Question,
    QuestionKind,
    SessionTypeId,
    TimeWindow,
)
from tests.integration.browser.visitor import Site, Visitor, sign_in_link

ADMIN = Actor.admin("root")
HOSTILE = (
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-' javascript:alert(1) {{ 7*7 }}",
    "<svg/onload=alert(1)><!--",
)


@pytest.fixture(params=HOSTILE, ids=["element", "attribute", "script", "svg"])
def hostile(request: pytest.FixtureRequest, site: Site) -> str:
    """Written into every field of the catalogue that takes free text."""
    text: str = request.param
    core = site.application.core
    builder = core.list_builders()[0]
    core.change_builder(
        builder_id=BuilderId(builder.id),
        changes={"name": text, "headline": text},
        actor=ADMIN,
    )
    core.change_session_type(
        session_type_id=SessionTypeId("getting-started"),
        changes={
            "title": text,
            "description": text,
            "category": Category.FREE,
            "location": Location(LocationKind.ADDRESS, text),
            "questions": tuple(
                Question(
                    f"q-{kind}", text, kind, choices=(text, "other") if "choice" in kind else ()
                )
                for kind in QuestionKind
            ),
        },
        actor=ADMIN,
    )
    return text


def test_nothing_that_is_written_anywhere_runs(hostile: str, visitor: Visitor) -> None:
    builder = visitor.site.application.core.list_builders()[0]
    page = visitor.open("/")
    expect(page.get_by_text(hostile).first).to_be_visible()
    visitor.open(f"/b/{builder.slug}")
    expect(page.get_by_text(hostile).first).to_be_visible()
    visitor.open(f"/b/{builder.slug}/getting-started")
    page.locator(".starts a").first.click()

    page.get_by_label("Your name").fill(hostile)
    page.get_by_label("Your e-mail address").fill("ana@example.org")
    for field in page.locator("input[name^=answer-]:not([type=checkbox]):not([type=tel])").all():
        field.fill(hostile)
    page.locator("textarea[name^=answer-]").fill(hostile)
    page.locator("select[name^=answer-]").select_option(hostile)
    for box in page.locator("input[name^=answer-][type=checkbox]").all():
        box.check()
    page.get_by_label("Notes").fill(hostile)
    page.get_by_role("button", name="Choose another time").click()  # what was typed is kept
    page.locator(".starts button").first.click()
    expect(page.get_by_label("Your name")).to_have_value(hostile)
    page.get_by_role("button", name="Book this time").click()

    expect(page).to_have_url(re.compile("/bookings/"))
    expect(page.get_by_text(hostile).first).to_be_visible()
    page.locator("summary").last.click()
    page.get_by_label(re.compile("reason", re.IGNORECASE)).fill(hostile)
    page.get_by_role("button", name=re.compile("cancel", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", name="This booking is cancelled")).to_be_visible()


def book(site: Site, builder: str, text: str, email: str) -> None:
    """An anonymous booking that has the text wherever a client may write."""
    core, anyone = site.application.core, Actor.anonymous()
    offer = core.show_session_type(session_type="getting-started", builder=builder, actor=anyone)
    now = datetime.now(UTC)
    found = core.find_slots(
        session_type_id=offer.session_type.id,
        window=TimeWindow(now, now + timedelta(days=14)),
        actor=anyone,
    )
    core.confirm_booking(
        session_type_id=offer.session_type.id,
        slot=found.slots[-1].slot,
        actor=anyone,
        contact=Contact(text, email, "Europe/Berlin"),
        notes=text,
    )


def test_nothing_that_is_written_runs_where_somebody_is_signed_in(
    hostile: str, visitor: Visitor
) -> None:
    builder = visitor.site.application.core.list_builders()[0]
    page = visitor.open(sign_in_link(visitor.site, "ana@example.org"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your bookings")).to_be_visible()
    book(visitor.site, builder.slug, hostile, "ana@example.org")  # to be claimed
    visitor.open("/me")
    expect(page.get_by_text(hostile).first).to_be_visible()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Are these yours?")).not_to_be_visible()

    visitor.open(f"/b/{builder.slug}/getting-started")
    page.locator(".starts a").first.click()
    expect(page.get_by_label("Your name")).to_have_value(hostile)  # as booked before
    page.get_by_label("Notes").fill(hostile)
    page.context.clear_cookies(name="forms")
    page.get_by_role("button", name="Choose another time").click()
    expect(page.get_by_role("heading", name="Please send it again")).to_be_visible()
    visitor.expect_status(400)
    page.get_by_role("button", name="Send it again").click()
    page.locator(".starts button").first.click()
    expect(page.get_by_label("Notes")).to_have_value(hostile)


def test_nothing_that_is_typed_to_sign_in_runs(hostile: str, visitor: Visitor) -> None:
    page = visitor.open("/signin")
    page.locator("form").first.evaluate("form => form.noValidate = true")
    page.get_by_label("Your e-mail address").fill(hostile)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Your e-mail address")).to_have_value(hostile)
    page.get_by_label("Link of the mail").fill(hostile)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("does not sign you in")
    visitor.open(f"/signin?to={hostile}#link={hostile}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("does not sign you in")
    for status in (401, 422):
        visitor.expect_status(status)


def test_what_an_address_says_does_not_run(hostile: str, visitor: Visitor) -> None:
    builder = visitor.site.application.core.list_builders()[0]
    page = visitor.page
    for path in (
        f"/b/{builder.slug}/getting-started?tz={hostile}",
        f"/b/{builder.slug}/getting-started?from={hostile}&start={hostile}",
        f"/b/{hostile.replace('/', '%2F')}",
        f"/bookings/{hostile.replace('/', '%2F')}",
        f"/problems/{hostile.replace('/', '%2F')}",
    ):
        visitor.open(path)
        expect(page.locator("h1").first).to_be_visible()
    for status in (400, 404, 422):
        visitor.expect_status(status)
