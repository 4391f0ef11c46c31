"""What the content security policy lets pages do: all that they need, and nothing of anybody else.

A complaint of the browser about a policy fails each test in this room when the visitor leaves.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.integration.browser.visitor import Visitor


def test_the_documentation_runs_with_its_own_scripts_and_styles(visitor: Visitor) -> None:
    page = visitor.open("/api/docs")
    operation = page.locator(".opblock-summary").first
    operation.click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_role("button", name="Execute").first.click()
    expect(page.locator(".live-responses-table .response-col_status").first).to_be_visible()
    page.locator(".json-schema-2020-12-accordion").first.click()


def to_the_checkout(visitor: Visitor, host: str) -> Page:
    page = visitor.open(f"{host}/b/demo/portfolio-review")
    page.locator(".starts a").first.click()
    page.get_by_label("Your name").fill("Ana Ng")
    page.get_by_label("Your e-mail address").fill("ana@example.org")
    for field in page.locator("[name^=answer-][required]").all():
        field.fill("https://example.org")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("button", name="Pay by card")).to_be_visible()
    return page


def test_a_form_leads_to_the_checkout_and_the_checkout_back(visitor: Visitor) -> None:
    page = to_the_checkout(visitor, visitor.site.url)
    page.get_by_role("button", name="Pay by card").click()
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()


def test_neither_does_it_stop_at_another_host(visitor: Visitor) -> None:
    """Under another name than the public one, the checkout is elsewhere for the browser, and so are we
    for the checkout; what it redirects a form to counts as where the form leads."""
    public, other = visitor.site.url, visitor.site.url.replace("127.0.0.1", "localhost")
    page = to_the_checkout(visitor, other)
    assert page.url.startswith(f"{public}/simulated-payments/")
    page.goto(page.url.replace(public, other))
    page.get_by_role("button", name="Pay by card").click()
    expect(page).to_have_url(re.compile(re.escape(public) + "/bookings/"))
    visitor.expect_status(404)  # what opens the booking was kept for the other name
    visitor.faults = [each for each in visitor.faults if f"foreign host: {other}" not in each]


INTRUDER = """async () => {
  const stopped = [];
  addEventListener("securitypolicyviolation", (each) => stopped.push(each.effectiveDirective));
  const put = (name, more) => {
    const added = Object.assign(document.createElement(name), more);
    document.body.append(added);
    return added;
  };
  put("script", { textContent: "window.ran = true" });
  put("script", { src: "/static/zone.js" });
  put("style", { textContent: "body { display: none }" });
  put("img", { src: "https://example.org/leak.png" });
  put("iframe", { src: "/" });
  put("object", { data: "/static/page.css" });
  await fetch("/healthz").catch(() => 0);
  put("form", { action: "https://example.org/" }).submit();
  for (let turn = 0; turn < 500 && new Set(stopped).size < 7; turn++)
    await new Promise((done) => setTimeout(done, 10));
  return stopped;
}"""


def test_what_somebody_else_put_into_a_page_neither_runs_nor_leaves(visitor: Visitor) -> None:
    page = visitor.open("/signin")
    stopped = page.evaluate(INTRUDER)
    assert set(stopped) == {
        "script-src-elem", "style-src-elem", "img-src", "frame-src", "object-src", "connect-src",
        "form-action",
    }  # fmt: skip
    assert page.evaluate("window.ran === undefined")
    known = ("Content Security Policy", "https://example.org/leak.png")
    visitor.faults = [each for each in visitor.faults if not any(one in each for one in known)]
