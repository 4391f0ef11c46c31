"""Every page and every state of it, and how to get there: what the proofs and the pictures go through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from attrs import define, evolve, frozen
from playwright.sync_api import BrowserContext, Page, expect
from structlog.testing import capture_logs

from adapters.memory import MemoryClock
from booking_core import (
    Actor,
    Booking,
    BookingState,
    CalendarRef,
    DayRange,
    Details,
    PaymentStatus,
    Role,
    Schedule,
    Slot,
)
from tests.integration.browser.school import School, allow, open_school, tag
from tests.integration.browser.service import IN_MEMORY, serving
from tests.integration.browser.states import (
    ANA,
    FREE,
    PAID,
    away,
    book,
    change,
    let_in,
    play,
    schedule_there,
    sign_in,
    starts,
    work,
)
from tests.integration.browser.visitor import Site, mailed_link
from tests.simulators.calendly import CalendlyServer

NOW = datetime(2030, 3, 4, 8, 10, tzinfo=UTC)  # a Monday; far ahead, so that browsers keep cookies
ROBIN, SYSTEM = "robin@example.org", Actor.system()
SESSION = "/b/demo/getting-started"
IN_BERLIN = "tz=Europe/Berlin"
_SOME = tuple(DayRange.parse(start, end) for start, end in (("09:00", "12:00"), ("18:00", "20:00")))


@frozen
class Country:
    """The services that the tour goes through, and the site of somebody else."""

    site: Site
    empty: Site
    elsewhere: Site  # its calendar is Calendly
    calendly: CalendlyServer
    school: School

    @property
    def hosts(self) -> tuple[str, ...]:
        ours = (self.site.url, self.empty.url, self.elsewhere.url)
        return (*ours, self.calendly.url, self.school.url)


@contextmanager
def open_country() -> Iterator[Country]:
    with ExitStack() as stack:
        calendly = stack.enter_context(CalendlyServer())
        host = calendly.sim.user("Robin Demo", timezone="UTC")
        intro = calendly.sim.event_type(host, "Intro", duration=30)
        account = {
            "BOOKING_CALENDAR": "calendly",
            "CALENDLY_API_BASE_URL": calendly.url,
            "CALENDLY_API_KEY": calendly.sim.token(host),
        }
        elsewhere = stack.enter_context(serving(IN_MEMORY | account, works=False))
        elsewhere.application.seed()
        schedule_there(elsewhere, CalendarRef(intro.id, intro.uri))
        site = stack.enter_context(serving(IN_MEMORY, clock=MemoryClock(NOW), works=False))
        site.application.seed()
        _two_more_builders(site)
        site.application.core.refresh_openings()
        empty = stack.enter_context(serving(IN_MEMORY, works=False))
        school = stack.enter_context(open_school())
        allow(site, school.url)
        yield Country(site, empty, elsewhere, calendly, school)


def _two_more_builders(site: Site) -> None:
    """One with long words who is seldom there, and one who is never."""
    core, admin = site.application.core, Actor.admin("root")
    busy = core.add_builder(
        name="Wilhelmina Featherstonehaugh-Vandenberghe",
        email="wil@example.org",
        slug="wil",
        headline="Organisational development, supervision and coaching for people who lead",
        schedule=Schedule("America/New_York", {2: _SOME}),
        actor=admin,
    )
    core.add_session_type(
        builder_id=busy.id,
        title="Supervision",
        slug="supervision",
        minimum_notice=timedelta(days=40),
        horizon=timedelta(days=120),
        duration=timedelta(hours=2),
        actor=admin,
    )
    never = core.add_builder(
        name="Yu",
        email="yu@example.org",
        slug="yu",
        schedule=Schedule("Asia/Tokyo"),
        actor=admin,
    )
    core.add_session_type(
        builder_id=never.id,
        title="A walk",
        slug="walk",
        duration=timedelta(minutes=30),
        actor=admin,
    )
    core.add_builder(
        name="Noor", email="noor@example.org", slug="noor", schedule=Schedule("UTC"), actor=admin
    )


@define
class Guide:
    """Leads a browser to where a stop of the tour is; what is `meanwhile` ends when it goes on."""

    context: BrowserContext
    country: Country
    page: Page
    meanwhile: ExitStack

    @property
    def site(self) -> Site:
        return self.country.site

    def open(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self.site.url + path)
        return self.page

    def details(self, kind: str = FREE, path: str = "/b/demo/", place: int = 0) -> Page:
        """The form for one of the open times."""
        start = starts(self.site, kind)[place].isoformat().replace("+00:00", "Z")
        return self.open(f"{path}{kind}?{IN_BERLIN}&start={start}")

    def fill(self) -> None:
        self.page.locator("[name=name]").fill("Ana Ng")
        self.page.locator("[name=email]").fill(ANA)
        for field in self.page.locator("[name^=answer-][required]").all():
            field.fill("https://example.org")

    def send(self) -> None:
        self.click(".details form button:not(.plain)")

    def click(self, selector: str) -> None:
        """What leads to another page; it is there when this is done."""
        with self.page.expect_navigation():
            self.page.locator(selector).last.click()

    def sign_in(self, email: str) -> Actor:
        return sign_in(self.context, self.site, email)

    def book(
        self, kind: str = FREE, place: int = 0, *, actor: Actor | None = None, **changes: Any
    ) -> Booking:
        """A booking as days would have made it; meanwhile, then its time is open again."""
        booking = book(self.site, kind, place, actor=actor)
        over: dict[str, Any] = {"state": BookingState.CANCELLED, "deadline": None}
        self.meanwhile.callback(change, self.site, booking, **over)
        return change(self.site, booking, **changes) if changes else booking

    def let_in(self, booking: Booking) -> str:
        return let_in(self.context, self.site, booking)

    def away(self, provider: object, *questions: str) -> None:
        self.meanwhile.enter_context(away(provider, *questions))


Go = Callable[[Guide], Any]


@frozen
class Stop:
    """A page in one of its states.

    `status` is that of its answer. Some need scripts to be anything. What is not ours to write (Swagger UI)
    is not held against axe.
    """

    name: str
    go: Go
    status: int = 200
    needs_scripts: bool = False
    ours: bool = True


@contextmanager
def standing_at(stop: Stop, country: Country, page: Page) -> Iterator[None]:
    """The browser shows that stop, which stays as it is."""
    page.context.clear_cookies()
    with ExitStack() as meanwhile, capture_logs():
        stop.go(Guide(page.context, country, page, meanwhile))
        meanwhile.callback(page.goto, "about:blank")  # a page that waits asks again and again
        yield


def _at(path: str) -> Go:
    return lambda guide: guide.open(path)


# ---- choosing a time -----------------------------------------------------------------------------


def _wrong_fields(guide: Guide) -> None:
    page = guide.details(PAID)
    page.locator(".details form").evaluate("form => form.noValidate = true")
    page.locator("[name=email]").fill("ana@")
    guide.send()


def _wrong_guests(guide: Guide) -> None:
    page = guide.details()
    guide.fill()
    page.locator("details:has([name=guests]) summary").click()
    page.locator("[name=guests]").fill("bea@example.org\nnobody")
    guide.send()


def _taken(guide: Guide) -> None:
    guide.details(place=6)
    guide.fill()
    guide.book(place=6)
    guide.send()


def _own_time(guide: Guide) -> None:
    booking = guide.book(actor=guide.sign_in("bo@example.org"))
    assert booking.slot
    guide.open(f"{SESSION}?{IN_BERLIN}&start={booking.slot.start:%Y-%m-%dT%H:%M:%SZ}")


def _provider_down(guide: Guide) -> None:
    guide.away(guide.site.application.calendar, "open_slots")
    guide.open(f"{SESSION}?{IN_BERLIN}")


def _as_client(path: str) -> Go:
    def go(guide: Guide) -> None:
        guide.sign_in(ANA)
        guide.open(path)

    return go


def _too_old(guide: Guide) -> None:
    guide.details()
    guide.fill()
    guide.context.clear_cookies()
    guide.send()


# ---- a booking -----------------------------------------------------------------------------------


def _booking(kind: str = FREE, query: str = "", **changes: Any) -> Go:
    def go(guide: Guide) -> None:
        guide.open(guide.let_in(guide.book(kind, **changes)) + query)

    return go


def _paid(*moves: str, cancelled: bool = False) -> Go:
    def go(guide: Guide) -> None:
        booking = guide.book(PAID, -1)
        play(guide.site, booking, *moves)
        path = guide.let_in(booking)
        if cancelled:
            core = guide.site.application.core
            core.cancel_booking(booking_id=booking.id, reason="I am ill.", actor=SYSTEM)
            work(guide.site)
        guide.open(path)

    return go


def _no_checkout(guide: Guide) -> None:
    guide.away(guide.site.application.payments, "request")
    guide.open(guide.let_in(guide.book(PAID)))


def _time_is_up(guide: Guide) -> None:
    guide.away(guide.site.application.payments, "standing", "expire")
    guide.open(guide.let_in(guide.book(PAID, deadline=NOW - timedelta(minutes=1))))


def _not_paid(guide: Guide) -> None:
    booking = guide.book(PAID)
    refused = evolve(booking.payment, status=PaymentStatus.FAILED)
    change(guide.site, booking, state=BookingState.EXPIRED, deadline=None, payment=refused)
    guide.open(guide.let_in(booking))


def _move(query: str = "") -> Go:
    def go(guide: Guide) -> None:
        guide.open(f"{guide.let_in(guide.book())}/move?{IN_BERLIN}{query}")
        if query:
            guide.page.locator(".times .starts a").last.click()
            expect(guide.page.locator(".details")).to_be_visible()

    return go


def _checkout(guide: Guide) -> None:
    booking = guide.book(PAID)
    assert booking.payment.checkout_url
    guide.open(booking.payment.checkout_url)


def _soon(hours: int) -> Slot:
    start = NOW + timedelta(hours=hours)
    return Slot(start, start + timedelta(hours=1))


# ---- people --------------------------------------------------------------------------------------


def _link_sent(guide: Guide) -> None:
    page = guide.open("/signin")
    page.locator("[name=email]").fill(ANA)
    guide.click("form:has([name=email]) button")


def _link_opened(guide: Guide) -> None:
    guide.site.application.core.ask_sign_in_link(email=ANA)
    work(guide.site)
    guide.open(mailed_link(guide.site, ANA))


def _bad_link(guide: Guide) -> None:
    page = guide.open("/signin")
    page.locator("[name=link]").fill("nothing")
    guide.click("form:has([name=link]) button")


def _wrong_token(guide: Guide) -> None:
    page = guide.open("/bookings/bkg_unknown")
    page.locator("[name=token]").fill("nothing")
    guide.click("main form button")


def _own_bookings(guide: Guide) -> None:
    client = guide.sign_in("bo@example.org")
    guide.book(actor=client)
    guide.book(place=4, actor=client, state=BookingState.CONFIRMING)
    guide.book(PAID, actor=client)
    guide.book(place=9, actor=client, state=BookingState.COMPLETED, slot=_soon(-200))
    guide.open("/me")


# ---- a builder's hours ---------------------------------------------------------------------------


def _hours(guide: Guide, site: Site | None = None) -> Page:
    site = site or guide.site
    sign_in(guide.context, site, ROBIN)
    return guide.open(f"{site.url}/builder/schedule")


def _preview(guide: Guide) -> None:
    page = _hours(guide)
    page.locator("[name=do][value=preview]").last.click()
    expect(page.locator(".preview .sum")).to_be_visible()


def _wrong_hours(guide: Guide) -> None:
    page = _hours(guide)
    page.locator("[name=day-0-start]").nth(1).fill("08:00")
    guide.click("[name=do][value=save]")


def _displaced(guide: Guide) -> None:
    booking = guide.book()
    page = _hours(guide)
    page.locator("[name=do][value='add away']").click()
    assert booking.slot
    day = booking.slot.start.date().isoformat()
    page.locator("[name=away-first]").last.fill(day)
    page.locator("[name=away-last]").last.fill(day)
    guide.click("[name=do][value=save]")
    expect(page.get_by_role("alert")).to_be_visible()


def _signed_out_of_hours(guide: Guide) -> None:
    _hours(guide)
    guide.context.clear_cookies(name="session")
    guide.click("[name=do][value=save]")


# ---- what a builder says of itself ----------------------------------------------------------------


def _profile(guide: Guide) -> Page:
    guide.sign_in(ROBIN)
    return guide.open("/builder/profile")


def _wrong_profile(guide: Guide) -> None:
    page = _profile(guide)
    page.locator("[name=photoUrl]").fill("http://example.org/robin.jpg")
    page.locator("[name=number]").last.fill("1.5")
    page.locator("[name=embedSites]").fill("our school")
    guide.click(".details form button")


def _form_of_another(guide: Guide) -> None:
    _profile(guide)
    guide.sign_in("wil@example.org")
    guide.click(".details form button")


def _as_admin(path: str) -> Go:
    def go(guide: Guide) -> None:
        core = guide.site.application.core
        core.grant_role(role=Role.ADMIN, email="root@example.org", actor=SYSTEM)
        guide.sign_in("root@example.org")
        guide.open(path)

    return go


# ---- within other sites, and what is refused -----------------------------------------------------


def _receipt(guide: Guide) -> None:
    guide.details(path="/embed/demo/")
    guide.fill()
    guide.send()
    expect(guide.page.get_by_role("status").get_by_role("heading")).to_be_visible()


def _embedding(opens: str = "", **data: str) -> Go:
    def go(guide: Guide) -> None:
        school, demo = guide.country.school, f"demo/{FREE}"
        guide.open(school.page(tag(guide.site, booking=demo, tz="Europe/Berlin", **data)))
        if opens:
            guide.page.get_by_text(opens).click()
        shown = guide.page.frame_locator("iframe").locator(".month a").first
        if data.get("mode") != "button" or opens:
            expect(shown).to_be_visible()

    return go


def _providers_page(guide: Guide) -> None:
    guide.open(guide.country.elsewhere.url + SESSION)
    expect(guide.page.frame_locator("iframe").get_by_role("button").first).to_be_visible()


def _not_read_yet(guide: Guide) -> None:
    page = guide.open(guide.country.elsewhere.url + SESSION)
    fields, event = (
        page.locator("form[data-joins]"),
        f"{guide.country.calendly.url}/scheduled_events/none",
    )
    fields.evaluate("(form, event) => (form.elements.event.value = event)", event)
    with page.expect_navigation():
        fields.evaluate("form => form.submit()")


def _too_often(guide: Guide) -> None:
    path = guide.country.empty.url + "/me/export"
    with suppress(HTTPError):
        while True:
            urlopen(path).close()
    guide.open(path)


_S = BookingState

TOUR = (
    Stop("marketplace", _at("/")),
    Stop("marketplace-signed-in", _as_client("/")),
    Stop("marketplace-empty", lambda guide: guide.open(guide.country.empty.url)),
    Stop("builder", _at("/b/demo")),
    Stop("builder-signed-in", _as_client("/b/demo")),
    Stop("builder-without-sessions", _at("/b/noor")),
    Stop("session", _at(SESSION)),
    Stop("session-day", _at(f"{SESSION}?{IN_BERLIN}&day=2030-03-14")),
    Stop("session-day-closed", _at(f"{SESSION}?{IN_BERLIN}&day=2030-03-16")),
    Stop("session-far", _at(f"/b/wil/supervision?{IN_BERLIN}")),
    Stop("session-far-month", _at(f"/b/wil/supervision?{IN_BERLIN}&month=2030-03")),
    Stop("session-never", _at("/b/yu/walk")),
    Stop("session-wrong-zone", _at(f"{SESSION}?tz=Nowhere/Here"), 422),
    Stop("session-paid", _at(f"/b/demo/portfolio-review?{IN_BERLIN}")),
    Stop("session-sign-in", _at("/b/demo/play-lab"), 401),
    Stop("session-gone", _at(f"{SESSION}?{IN_BERLIN}&start=2030-03-05T03:00:00Z"), 409),
    Stop("session-own-time", _own_time),
    Stop("session-provider-down", _provider_down, 503),
    Stop("details", lambda guide: guide.details()),
    Stop("details-signed-in", lambda guide: (guide.sign_in(ANA), guide.details())),
    Stop("details-paid", lambda guide: guide.details(PAID)),
    Stop("details-interview", lambda guide: guide.details("interview-practice")),
    Stop("details-wrong", _wrong_fields, 422),
    Stop("details-wrong-guests", _wrong_guests, 422),
    Stop("details-taken", _taken, 409),
    Stop("details-again", _too_old, 400),
    Stop("booking-to-pay", _booking(PAID)),
    Stop("booking-turned-back", _booking(PAID, "?turned-back=1")),
    Stop("booking-to-checkout-refused", _no_checkout),
    Stop("booking-held", _booking(state=_S.HELD, deadline=NOW + timedelta(minutes=9))),
    Stop("booking-money-comes", _paid("transfer")),
    Stop("booking-time-is-up", _time_is_up),
    Stop(
        "booking-to-choose",
        _booking(state=_S.AWAITING_SCHEDULING, slot=None, deadline=NOW + timedelta(hours=1)),
    ),
    Stop("booking-being-made", _booking(state=_S.CONFIRMING)),
    Stop("booking-booked", _booking()),
    Stop(
        "booking-booked-guests",
        _booking(details=Details(guests=("bea@example.org", "cy@example.org"))),
    ),
    Stop("booking-booked-paid", _paid("card")),
    Stop("booking-too-late-to-change", _booking(PAID, state=_S.CONFIRMED, slot=_soon(3))),
    Stop("booking-moving", _booking(pending_slot=_soon(300))),
    Stop("booking-not-moved", _booking(query="?moved=2030-03-20T09:00:00Z")),
    Stop("booking-over", _booking(slot=_soon(-30))),
    Stop("booking-took-place", _booking(state=_S.COMPLETED, slot=_soon(-30))),
    Stop("booking-missed", _booking(state=_S.NO_SHOW, slot=_soon(-30))),
    Stop("booking-cancelled", _booking(state=_S.CANCELLED, cancel_reason="I am ill.")),
    Stop("booking-cancelled-refunded", _paid("card", cancelled=True)),
    Stop("booking-expired", _booking(PAID, state=_S.EXPIRED, deadline=None)),
    Stop("booking-not-paid", _not_paid),
    Stop("booking-failed", _booking(state=_S.FAILED, cancel_reason="slot_taken")),
    Stop("booking-cancel", _booking(query="?cancel=1#cancel")),
    Stop("booking-open", _at("/bookings/bkg_unknown"), 404),
    Stop("booking-open-wrong", _wrong_token, 404),
    Stop("move", _move()),
    Stop("move-chosen", _move("&day=2030-03-14")),
    Stop("checkout", _checkout),
    Stop("sign-in", _at("/signin")),
    Stop("sign-in-sent", _link_sent),
    Stop("sign-in-link", _link_opened),
    Stop("sign-in-bad-link", _bad_link, 401),
    Stop("me", _own_bookings),
    Stop("me-empty", lambda guide: (guide.sign_in("cleo@example.org"), guide.open("/me"))),
    Stop("me-builder", lambda guide: (guide.sign_in(ROBIN), guide.open("/me"))),
    Stop("me-admin", _as_admin("/me")),
    Stop("profile", _profile),
    Stop("profile-wrong", _wrong_profile, 422),
    Stop("profile-of-another", _form_of_another, 404),
    Stop("profile-whose", _as_admin("/builder/profile")),
    Stop("builder-new", _as_admin("/builder/new")),
    Stop("hours", _hours),
    Stop("hours-preview", _preview),
    Stop("hours-wrong", _wrong_hours, 422),
    Stop("hours-displaced", _displaced),
    Stop("hours-signed-out", _signed_out_of_hours, 401),
    Stop("hours-of-nobody", _as_client("/builder/schedule"), 403),
    Stop("hours-elsewhere", lambda guide: _hours(guide, guide.country.elsewhere)),
    Stop("refused-not-found", _at("/nothing/here"), 404),
    Stop("refused-builder", _at("/b/nobody"), 404),
    Stop("refused-too-often", _too_often, 429),
    Stop("problem", _at("/problems/slot-unavailable")),
    Stop("api-docs", _at("/api/docs"), needs_scripts=True, ours=False),
    Stop("embed", _at(f"/embed/demo/{FREE}?{IN_BERLIN}")),
    Stop("embed-details", lambda guide: guide.details(path="/embed/demo/")),
    Stop("embed-receipt", _receipt),
    Stop("embed-refused", _at("/embed/demo/play-lab"), 401),
    Stop("embedding", _embedding(), needs_scripts=True),
    Stop("embedding-button", _embedding(mode="button", label="Book us"), needs_scripts=True),
    Stop("embedding-popup", _embedding("Book us", mode="button", label="Book us"), 200, True),
    Stop("providers-page", _providers_page),
    Stop("providers-page-late", _not_read_yet, 404),
)
