"""On the days when clocks change, here or there: what is shown, what is chosen and what is booked agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect
from structlog.testing import capture_logs

from adapters.memory import MemoryClock
from booking_core import Actor, BookingId, DayRange, Schedule
from tests.integration.browser.service import IN_MEMORY, serving
from tests.integration.browser.tour import NOW
from tests.integration.browser.visitor import Site, Visitor

BERLIN, HALF_AN_HOUR = ZoneInfo("Europe/Berlin"), timedelta(minutes=30)
#: When their builders can be booked, every day: around midnight or the change of their own clocks.
HOURS = {"America/New_York": ("19:00", "22:00"), "Australia/Lord_Howe": ("01:00", "04:00")}
CHANGES = (
    ("America/New_York", date(2030, 3, 10)),  # theirs go forward
    ("America/New_York", date(2030, 3, 31)),  # ours go forward
    ("America/New_York", date(2030, 10, 27)),  # ours go back
    ("America/New_York", date(2030, 11, 3)),  # theirs go back
    ("Australia/Lord_Howe", date(2030, 4, 7)),  # theirs go back, by half an hour
    ("Australia/Lord_Howe", date(2030, 10, 6)),  # theirs go forward, by half an hour
)


@pytest.fixture(scope="module")
def world() -> Iterator[Site]:
    with serving(IN_MEMORY, clock=MemoryClock(NOW), works=False) as site:
        core, admin = site.application.core, Actor.admin("root")
        for zone, hours in HOURS.items():
            slug = zone.rpartition("/")[2].lower().replace("_", "-")
            weekly = dict.fromkeys(range(7), (DayRange.parse(*hours),))
            builder = core.add_builder(
                name=slug,
                email=f"{slug}@example.org",
                slug=slug,
                schedule=Schedule(zone, weekly),
                actor=admin,
            )
            core.add_session_type(
                builder_id=builder.id,
                title="Advice",
                slug="advice",
                duration=HALF_AN_HOUR,
                actor=admin,
            )
        yield site


@pytest.fixture
def traveller(chromium: Browser, world: Site) -> Iterator[Visitor]:
    context = chromium.new_context(timezone_id=BERLIN.key, locale="en-GB")
    visitor = Visitor(context.new_page(), world, None)
    with capture_logs():
        yield visitor
    context.close()
    visitor.check_quiet()


def opening(zone: str, day: date) -> list[datetime]:
    """The starts of that day there, in Berlin's time: every half hour that really passes."""
    begin, end = (
        datetime.combine(day, time.fromisoformat(each), ZoneInfo(zone)).astimezone(UTC)
        for each in HOURS[zone]
    )
    count = (end - begin) // HALF_AN_HOUR
    return [(begin + HALF_AN_HOUR * each).astimezone(BERLIN) for each in range(count)]


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=lambda each: str(each).rpartition("/")[2])
def test_times_days_and_what_is_booked_agree(traveller: Visitor, zone: str, day: date) -> None:
    core, page = traveller.site.application.core, traveller.page
    now = datetime.combine(day - timedelta(days=4), time(6), UTC)
    clock = core.clock
    assert isinstance(clock, MemoryClock)
    clock.set(now)
    page.clock.install(time=now)
    days = [day + timedelta(days=each) for each in (-1, 0, 1)]
    there = [each for near in range(-2, 3) for each in opening(zone, day + timedelta(days=near))]
    path = f"/b/{zone.rpartition('/')[2].lower().replace('_', '-')}/advice"
    traveller.open(f"{path}?day={days[0]}")
    expect(page.get_by_text("Times in Europe/Berlin")).to_be_visible()  # as the browser says
    for each in days:
        if page.locator(f"#day-{each}").count() == 0:
            page.locator("#following").click()
        page.locator(f"#day-{each}").click()
        expect(page.locator(f"#day-{each}")).to_have_attribute("aria-current", "true")
        shown = page.locator(".times .starts a").all_inner_texts()
        begins = [start for start in there if start.date() == each]
        assert [text[:5] for text in shown] == [f"{start:%H:%M}" for start in begins]
        assert len(set(shown)) == len(shown)  # an hour that comes twice says which it is
    for each, place in ((days[1], -1), (days[1], 0), (days[2], 0)):
        wanted = [start for start in there if start.date() == each][place]
        traveller.open(f"{path}?day={each}&tz={BERLIN.key}")
        page.locator(".times .starts a").nth(place).click()
        page.get_by_label("Your name").fill("Ana Ng")
        page.get_by_label("Your e-mail address").fill("ana@example.org")
        page.get_by_role("button", name="Book this time").click()
        expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
        expect(page.locator(".booked strong")).to_contain_text(f"{wanted:%H:%M}")
        expect(page.locator(".booked strong")).to_contain_text(f"{wanted.day} {wanted:%B}")
        number = BookingId(urlsplit(page.url).path.rpartition("/")[2])
        slot = core.show_booking(booking_id=number, actor=Actor.system()).slot
        assert slot
        assert slot.start == wanted.astimezone(UTC)
