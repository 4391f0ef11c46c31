"""What a log line keeps: advice, and nobody's secrets."""

import logging

import pytest

from booking_core import BookingId, ManageKey
from entrypoints import logs

TOKEN = ManageKey(bytes(32)).token(BookingId("bkg_1"), 1)


def redacted(text: str) -> str:
    return str(logs.redact(None, "info", {"event": text})["event"])


@pytest.mark.parametrize(
    "advice", ["run `booking sync-event-types`.", "booking explain-visibility ada/intro"]
)
def test_a_command_that_somebody_is_told_to_run_is_kept(advice: str) -> None:
    assert redacted(advice) == advice


@pytest.mark.parametrize(
    "secret", [f"Booking {TOKEN}", f"booking {TOKEN}", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc"]
)
def test_what_opens_something_is_taken_out(secret: str) -> None:
    assert redacted(f"with {secret}").endswith(" [redacted]")


def test_the_http_client_does_not_repeat_what_the_adapters_log() -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    quiet = [logging.getLogger(name) for name in ("alembic", "httpx")]
    levels = [each.level for each in quiet]
    try:
        logs.configure(level="INFO", json=True)
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
        assert logging.getLogger("booking.calendly").isEnabledFor(logging.INFO)
    finally:
        root.handlers[:] = before[0]
        for logger, level in zip((root, *quiet), (before[1], *levels), strict=True):
            logger.setLevel(level)
