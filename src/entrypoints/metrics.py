"""What the service counts, in Prometheus' text format.

What happens is counted here, by each process; with several of them, and `PROMETHEUS_MULTIPROC_DIR`
naming a directory, in files there that a scrape adds up. What there is, is read from the database
when it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from attrs import frozen
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from booking_core import BookingState, Stock, TakeStock
from entrypoints.settings import COUNTED_IN

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self._own = own = CollectorRegistry()
        self._requests = Histogram(
            "booking_request_seconds",
            "Answered requests, by the rule of their route",
            ("route", "method", "status"),
            buckets=_SECONDS,
            registry=own,
        )
        self._refused = Counter(
            "booking_slots_refused", "Slots that could not be booked", ("reason",), registry=own
        )
        self._provider = Histogram(
            "booking_provider_seconds",
            "Calls of calendar, payments, mailer and identity provider",
            ("port", "method"),
            buckets=_SECONDS,
            registry=own,
        )
        self._outcomes = Counter(
            "booking_provider_calls",
            "How those calls ended: ok, refused (an answer), failed",
            ("port", "method", "outcome"),
            registry=own,
        )
        self._notices = Gauge(
            "booking_notices_active",
            "Whether the provider posts its notices to us, as last looked at",
            ("port",),
            registry=own,
            multiprocess_mode="mostrecent",
        )

        self._refused_notices = Counter(
            "booking_notices_refused",
            "Notices that did not prove that the provider sent them",
            ("port",),
            registry=own,
        )

    def request(self, *, route: str | None, method: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is None where no route takes it."""
        method = method if method in _METHODS else "other"  # which callers may invent
        self._requests.labels(route or "none", method, status).observe(seconds)

    def slot_refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def provider(self, port: str, method: str, *, outcome: str, seconds: float) -> None:
        self._provider.labels(port, method).observe(seconds)
        self._outcomes.labels(port, method, outcome).inc()

    def notices(self, *, active: bool) -> None:
        self._notices.labels("calendar").set(active)

    def notice_refused(self, port: str) -> None:
        self._refused_notices.labels(port).inc()

    def text(self, take_stock: TakeStock) -> bytes:
        """All of it. Raises what the database raises."""
        counted = CollectorRegistry()
        counted.register(_Shelf(take_stock()))
        own = self._own
        if os.environ.get(COUNTED_IN):
            own = CollectorRegistry()
            MultiProcessCollector(own)  # type: ignore[no-untyped-call]
        return generate_latest(own) + generate_latest(counted)


@frozen(eq=False)
class _Shelf:
    """What there is right now, as metrics."""

    stock: Stock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        stock = self.stock
        states = GaugeMetricFamily("booking_bookings", "Bookings by state", labels=["state"])
        for state in BookingState:
            if state is not BookingState.NEW:
                states.add_metric([state.value], stock.bookings.by_state.get(state, 0))
        yield states
        for name, meaning, value in (
            (
                "open_holds",
                "Bookings that keep a place until a deadline",
                stock.bookings.open_holds,
            ),
            ("jobs_waiting", "Jobs that wait or are being done", stock.waiting_jobs),
            ("jobs_dead", "Jobs that were given up", stock.dead_jobs),
            (
                "job_lag_seconds",
                "How long the oldest job that is not done is due",
                stock.job_lag.total_seconds(),
            ),
        ):
            yield GaugeMetricFamily(f"booking_{name}", meaning, value=value)
