"""The booking page within pages of another origin, in the browser that decides what is shown there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.integration.browser.school import School, allow, open_school, tag
from tests.integration.browser.visitor import Site

DEMO = "demo/getting-started"


@pytest.fixture
def school() -> Iterator[School]:
    with open_school() as school:
        yield school


@pytest.fixture
def allowed(site: Site, school: School) -> None:
    allow(site, school.url)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(timezone_id="Europe/Berlin", locale="en-GB")
    page = context.new_page()
    yield page
    context.close()


def book(frame: FrameLocator) -> None:
    frame.locator(".times .starts a").first.click()
    frame.get_by_label("Your name").fill("Bo Diddley")
    frame.get_by_label("Your e-mail address").fill("bo@example.org")
    frame.get_by_role("button", name="Book this time").click()
    expect(frame.get_by_role("heading", name="You are booked")).to_be_visible()


def names(page: Page, count: int = 0) -> list[str]:
    """Of the events, once there are that many: they come a moment after what they tell of."""
    page.wait_for_function("count => heard.length >= count", arg=count)
    heard: list[str] = page.evaluate("heard.map(([name]) => name)")
    return heard


@pytest.mark.usefixtures("allowed")
def test_a_visitor_of_another_site_books_there_and_cancels_in_a_window_of_ours(
    page: Page, site: Site, school: School
) -> None:
    page.clock.install()
    page.goto(school.page(tag(site, booking=DEMO, tz="Europe/Berlin")))
    frame = page.frame_locator("iframe")
    expect(frame.locator(".month a").first).to_be_visible()
    expect(page.get_by_role("link", name="Our times")).to_have_count(0)
    page.clock.run_for(21_000)  # nobody waits for it any more
    before = page.locator("iframe").bounding_box()
    book(frame)
    assert names(page, 3) == ["booking.ready", "slot.selected", "booking.confirmed"]
    chosen, confirmed = page.evaluate("heard.slice(1).map(([, detail]) => detail)")
    assert confirmed["startTime"] == chosen["startTime"]
    assert set(confirmed) == {"bookingId", "startTime", "endTime"}
    page.wait_for_function(
        "height => document.querySelector('iframe').offsetHeight < height",
        arg=before and before["height"],
    )
    assert not page.context.cookies()
    page.frames[1].evaluate(
        """() => {
            window.said = document.querySelector("[role=status]");
            said.append("as it stood before");
            document.querySelector("main a").focus();
            dispatchEvent(new Event("focus"));
        }"""
    )
    expect(frame.get_by_text("as it stood before")).to_have_count(0)
    assert page.frames[1].evaluate("said.isConnected && document.activeElement.id") == "main"
    assert names(page).count("booking.confirmed") == 1  # what was told is not told again
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Open the booking").click()
    ours = opened.value
    expect(ours.get_by_role("heading", name="You are booked")).to_be_visible()
    ours.get_by_text("Cancel this booking").click()
    ours.get_by_role("button", name="Cancel the booking").click()
    expect(ours.get_by_role("heading", name="This booking is cancelled")).to_be_visible()
    ours.close()
    page.frames[1].evaluate("dispatchEvent(new Event('focus'))")
    expect(frame.get_by_role("heading", name="This booking is cancelled")).to_be_visible()
    assert names(page, 4)[-1] == "booking.cancelled"


def test_a_site_that_is_not_on_the_list_keeps_its_link_and_is_told_why(
    page: Page, site: Site, school: School
) -> None:
    page.clock.install()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(school.page(tag(site, booking=DEMO)))
    expect(page.locator("iframe")).to_have_count(1)  # nobody knows yet
    expect(page.locator("iframe")).to_be_hidden()
    expect(page.get_by_role("link", name="Our times")).to_be_visible()
    page.clock.run_for(4_000)
    expect(page.locator("iframe")).to_have_count(0)
    expect(page.get_by_role("link", name="Our times")).to_be_visible()
    assert names(page) == []
    [advice] = [each for each in said if each.startswith("booking: ")]
    assert school.url in advice
    assert "docs/embedding.md" in advice
    assert any("frame-ancestors" in each for each in said)


def dialog_without_its_page(page: Page, site: Site, school: School) -> Locator:
    page.clock.install()
    page.route("**/embed/**", lambda _: None)
    page.goto(school.page(tag(site, booking=DEMO, mode="button", label="Book us")))
    page.get_by_role("button", name="Book us").click()
    dialog = page.get_by_role("dialog")
    page.clock.run_for(21_000)
    expect(dialog.locator("iframe")).to_have_count(0)
    return dialog


@pytest.mark.usefixtures("allowed")
def test_a_dialog_whose_page_did_not_come_asks_for_it_again_when_it_is_opened_again(
    page: Page, site: Site, school: School
) -> None:
    dialog = dialog_without_its_page(page, site, school)
    page.keyboard.press("Escape")
    page.unroute("**/embed/**")
    page.get_by_role("button", name="Book us").click()
    expect(dialog.frame_locator("iframe").locator(".month a").first).to_be_visible()


def test_a_dialog_whose_page_does_not_come_has_a_link_to_it(
    page: Page, site: Site, school: School
) -> None:
    dialog = dialog_without_its_page(page, site, school)
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Book us").click()
    expect(opened.value.locator(".month a").first).to_be_visible()
    assert opened.value.url.startswith(f"{site.url}/b/{DEMO}")


@pytest.mark.usefixtures("allowed")
def test_it_opens_over_the_page_and_closes_by_the_keyboard(
    page: Page, site: Site, school: School
) -> None:
    link = f'<a href="/elsewhere" data-booking="{DEMO}" data-mode="popup">Meet us</a>'
    page.goto(school.page(link + tag(site, booking=DEMO, mode="button", label="Book us")))
    for name in ("Meet us", "Book us"):
        assert page.get_by_role("dialog").count() == 0  # nothing is there before somebody wants it
        page.get_by_text(name).focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog.frame_locator("iframe").locator(".month a").first).to_be_visible()
        page.get_by_role("button", name="Close").focus()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.get_by_text(name)).to_be_focused()


@pytest.mark.usefixtures("allowed")
def test_escape_within_the_frame_closes_the_dialog_unless_it_is_for_a_list_there(
    page: Page, site: Site, school: School
) -> None:
    page.goto(school.page(tag(site, booking=DEMO, mode="button", label="Book us", tz="Asia/Tokyo")))
    page.get_by_role("button", name="Book us").click()
    dialog = page.get_by_role("dialog")
    frame = dialog.frame_locator("iframe")
    frame.locator("summary#zone").click()
    frame.get_by_label("Time zone, or a city").press("Escape")
    frame.locator(".month a").first.press("Escape")  # it is still there
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Book us")).to_be_focused()
    assert names(page) == ["booking.ready"]


@pytest.mark.usefixtures("allowed")
def test_it_is_light_or_dark_as_the_site_says_whatever_the_visitor_likes(
    page: Page, site: Site, school: School
) -> None:
    light, dark, white = "rgb(248, 247, 244)", "rgb(20, 22, 26)", "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light")
    dialog = {"booking": DEMO, "mode": "button", "label": "Book us"}
    page.goto(school.page(tag(site, **dialog, theme="dark")))
    page.get_by_role("button", name="Book us").click()
    frame, close = page.frame_locator("iframe"), page.get_by_role("button", name="Close")
    expect(frame.locator("body")).to_have_css("background-color", dark)
    expect(close).to_have_css("color", white)
    frame.get_by_role("link", name="Deutsch").click()
    expect(frame.locator("html[lang=de] body")).to_have_css("background-color", dark)
    page.emulate_media(color_scheme="dark")
    page.goto(school.page(tag(site, **dialog, theme="light")))
    page.get_by_role("button", name="Book us").click()
    expect(frame.locator("body")).to_have_css("background-color", light)
    expect(close).to_have_css("background-color", white)


@pytest.mark.usefixtures("allowed")
def test_paying_leads_straight_to_the_checkout_and_its_address_opens_nothing(
    page: Page, site: Site, school: School
) -> None:
    page.goto(school.page(tag(site, booking="demo/portfolio-review", tz="Europe/Berlin")))
    frame = page.frame_locator("iframe")
    frame.locator(".times .starts a").first.click()
    frame.get_by_label("Your name").fill("Bo Diddley")
    frame.get_by_label("Your e-mail address").fill("bo@example.org")
    frame.get_by_label("Where is your portfolio?").fill("https://example.org")
    frame.get_by_label("pictures").check()
    frame.locator(".details button:not(.plain)").click()
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(urlsplit(request.url).query))
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Pay €49.00").click()
    expect(opened.value.get_by_role("button", name="Pay by card")).to_be_visible()
    assert "to=checkout" in asked
    assert not [each for each in asked if "token" in each]


@pytest.mark.usefixtures("allowed")
def test_messages_of_others_are_not_believed(page: Page, site: Site, school: School) -> None:
    forged = """<script>
      const event = { source: "booking", event: "booking.confirmed", payload: { bookingId: "x" } };
      const other = document.createElement("iframe");
      other.srcdoc = `<script>parent.postMessage(${JSON.stringify(event)}, "*")<\\/script>`;
      document.body.append(other);
      postMessage(event, "*");
    </script>"""
    page.goto(school.page(tag(site, booking=DEMO) + forged))
    expect(page.frame_locator("#here iframe").locator(".month a").first).to_be_visible()
    page.wait_for_function("heard.length")
    assert names(page) == ["booking.ready"]


@pytest.mark.usefixtures("allowed")
def test_attributes_are_names_and_text_whatever_they_say(
    page: Page, site: Site, school: School
) -> None:
    wrong = (
        "../../bookings/x", "demo/x?site=https://evil.example", "javascript:alert(1)//x",
        "//evil.example/x", "demo", "",
    )  # fmt: skip
    body = "".join(f'<p data-booking="{name}"></p>' for name in wrong)
    body += f'<p data-booking="{DEMO}" data-mode="constructor"></p>'
    label = "&lt;img src=x onerror=heard.push(['run'])&gt;"
    page.goto(school.page(body + tag(site, booking=DEMO, mode="button", label=label)))
    expect(page.get_by_role("button")).to_have_text(re.compile("<img"))
    assert page.locator("iframe").count() == 0
    assert names(page) == []
