"""What a line of the log says, whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from adapters.calendly.side_by_side import side_by_side
from booking_core import serving
from entrypoints import logs
from tests.leaks import WATCH


@pytest.fixture
def lines() -> Iterator[Any]:
    """Call it for what was logged, each line as it was written."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter(json=True))
    root, level, kept = logging.getLogger(), logging.getLogger().level, structlog.get_config()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    structlog.configure(**kept | logs.structured())
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.configure(**kept)
    root.removeHandler(handler)
    root.setLevel(level)


def test_every_line_names_the_request_that_is_served(lines: Any) -> None:
    with serving("req-1"):
        structlog.get_logger("booking.web").info("ours")
        logging.getLogger("booking.calendly").info("an adapter's")
    logging.getLogger("booking.calendly").info("nobody's")
    assert [(each["event"], each.get("request_id")) for each in lines()] == [
        ("ours", "req-1"),
        ("an adapter's", "req-1"),
        ("nobody's", None),
    ]


def test_calls_that_are_made_side_by_side_belong_to_one_request(lines: Any) -> None:
    log = logging.getLogger("booking.calendly")
    with serving("req-1"):
        side_by_side(lambda number: log.info("call %d", number), [1, 2, 3, 4, 5])
    assert [each["request_id"] for each in lines()] == ["req-1"] * 5


@pytest.mark.parametrize(
    "said",
    [
        "mail to ana.ng+x@example.org was refused",
        "GET /page?invitee_email=ana%40example.org",
        "with Bearer " + "a" * 20,
        "with eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk",
        "with bk_" + "a" * 43,
        "with rk_live_51abc and whsec_abc",
    ],
)
def test_secrets_and_addresses_are_taken_out_wherever_they_stand(lines: Any, said: str) -> None:
    with WATCH.apart():
        logging.getLogger("booking.smtp").warning(said)
        structlog.get_logger("booking.web").warning("refused", why=[said])
        try:
            raise ValueError(said)
        except ValueError:
            logging.getLogger("booking.smtp").exception("failed")
    secret = said.split()[-1] if "example.org" not in said else "example.org"
    written = json.dumps(lines())
    assert len(lines()) == 3
    assert secret not in written
    assert "live_51" not in written
