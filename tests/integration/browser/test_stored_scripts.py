"""What people write is shown as text: no script of theirs runs, on any page.

A script that ran would open a dialog; one that the content security policy stopped would leave a
complaint on the console. Both fail the test when the visitor leaves.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from booking_core import (
    Actor,
    BuilderId,
    Category,
    Location,
    LocationKind,
    Question,
    QuestionKind,
    SessionTypeId,
)
from tests.integration.browser.visitor import Site, Visitor

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
