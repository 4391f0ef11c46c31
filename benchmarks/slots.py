"""What a slot search costs, next to a plain loop over `datetime` and `zoneinfo`.

Run with `PYTHONPATH=src python benchmarks/slots.py`. Both searches get the same input, are run in
turns in one process, and must give the same answer, rendered to RFC 3339. Figures are medians in
milliseconds; only their ratio can be compared between machines.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

from booking_core.domain.availability import Busy, SlotRules, next_start, open_slots
from booking_core.domain.schedule import DayRange, Schedule
from booking_core.domain.time import TimeWindow

Rendered = list[tuple[str, str, int]]

NOW = datetime(2026, 3, 2, 7, 13, 20, tzinfo=UTC)
NINE_TO_FIVE = (DayRange.parse("09:00", "17:00"),)
OVERRIDES: dict[date, tuple[DayRange, ...]] = {
    date(2026, 3, 6): (),
    date(2026, 3, 14): (DayRange.parse("10:00", "13:00"),),
    date(2026, 4, 3): (),
    date(2026, 12, 24): (DayRange.parse("09:00", "12:00"),),
}
RULES = SlotRules("st_1", duration=30, step=30, horizon=400 * 24 * 60)
CASES = ((7, 0), (30, 50), (90, 50), (365, 500))
SECONDS_A_CASE = 3.0


def fresh_schedule() -> Schedule:
    return Schedule("Europe/Berlin", dict.fromkeys(range(5), NINE_TO_FIVE), OVERRIDES)


def busy_times(days: int, count: int) -> list[Busy]:
    """Meetings of 45 minutes, spread evenly over the days, at changing hours."""
    found = []
    for nth in range(count):
        hour = timedelta(days=nth * days // count, hours=7 + nth % 9, minutes=15 * (nth % 4))
        start = datetime(2026, 3, 2, tzinfo=UTC) + hour
        found.append(Busy(TimeWindow(start, start + timedelta(minutes=45)), what=f"bkg_{nth}"))
    return found


def naive(schedule: Schedule, rules: SlotRules, busy: list[Busy], window: TimeWindow) -> Rendered:
    """One `datetime` a candidate, each held against each busy time of its day and the next."""
    zone, length = ZoneInfo(schedule.timezone), timedelta(minutes=rules.duration)
    step = timedelta(minutes=rules.step)
    taken = sorted((entry.window.start, entry.window.end) for entry in busy)
    day, last = window.start.astimezone(zone).date(), window.end.astimezone(zone).date()
    found = []
    while day <= last:
        for hours in schedule.ranges_on(day):
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            start = (midnight + timedelta(minutes=hours.start)).astimezone(UTC)
            end = (midnight + timedelta(minutes=hours.end)).astimezone(UTC)
            while start + length <= end:
                stop = start + length
                if (
                    start >= NOW
                    and window.start <= start
                    and stop <= window.end
                    and not any(begins < stop and start < ends for begins, ends in taken)
                ):
                    texts = start.isoformat(), stop.isoformat()
                    found.append((texts[0][:19] + "Z", texts[1][:19] + "Z", rules.capacity))
                start += step
        day += timedelta(days=1)
    return found


def in_turns(*works: Callable[[], object]) -> list[float]:
    """The median of each in milliseconds."""
    times: list[list[float]] = [[] for _ in works]
    until = perf_counter() + SECONDS_A_CASE
    while perf_counter() < until or len(times[0]) < 5:
        for work, taken in zip(works, times, strict=True):
            begin = perf_counter()
            work()
            taken.append(1000 * (perf_counter() - begin))
    return [median(taken) for taken in times]


def main() -> None:
    heads = ("days", "busy", "slots", "search", "fresh", "next", "plain loop", "ratio")
    print("milliseconds a call; 'fresh': the schedule is built anew; 'next': the next start\n")
    print("".join(f"{head:>11}" for head in heads))
    for days, count in CASES:
        schedule, busy = fresh_schedule(), busy_times(days, count)
        window = TimeWindow(NOW, NOW + timedelta(days=days))

        def search() -> Rendered:
            return open_slots(schedule, RULES, busy, window, NOW).rendered()  # noqa: B023

        def fresh() -> Rendered:
            return open_slots(fresh_schedule(), RULES, busy, window, NOW).rendered()  # noqa: B023

        def after() -> datetime | None:
            return next_start(schedule, RULES, busy, window.end, NOW)  # noqa: B023

        def loop() -> Rendered:
            return naive(schedule, RULES, busy, window)  # noqa: B023

        slots = search()
        if slots != loop():
            raise SystemExit("the two searches do not agree")
        ours, built, following, plain = in_turns(search, fresh, after, loop)
        figures = f"{ours:>11.3f}{built:>11.3f}{following:>11.3f}{plain:>11.2f}"
        print(f"{days:>11}{count:>11}{len(slots):>11}{figures}{plain / ours:>10.0f}x")


if __name__ == "__main__":
    main()
