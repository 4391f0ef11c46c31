"""What a line of the log says, whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from adapters.calendly.side_by_side import side_by_side
from booking_core import serving
from entrypoints import logs


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Call it for what was logged since, each line as it was written."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    kept = structlog.get_config()
    logs.configure(level="INFO", json=True)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**kept)
    root.handlers[:], level = before
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
