"""What a line of the log says, whoever wrote it."""

from __future__ import annotations

import json
import logging
import re
import signal
from collections.abc import Iterator
from io import StringIO
from types import FrameType
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


@pytest.mark.parametrize(
    "said",
    ["550 <ana@bücher.рф>", "ана@пример.рф", "ana@exämple.香港", "o'brien@example.org"]
    + ["{'to': 'ana@example.org'}", "''ana@example.org''", "ana@xn--e1a.xn--p1ai"],
)
def test_an_address_is_taken_out_whatever_letters_it_has(said: str) -> None:
    redacted = str(logs.redact(None, "", {"event": said})["event"])
    assert "[address]" in redacted
    assert not {"ana", "ана", "o'", "brien", "example", "рф", "xn--p1ai"} & set(
        re.split(r"[^\w'-]", redacted)
    )


@pytest.mark.parametrize(
    "unit",
    ["a", "a@", "@", "%40", "a%40", "a%40b.", "a@b.", "a.", "a'", "'a%40b.", "eyJ-", "eyJ.eyJ-"]
    + ["bearer ", "booking "],
)
def test_a_caller_cannot_make_a_line_slow(unit: str) -> None:
    def too_slow(_: int, __: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_slow)
    signal.alarm(5)
    try:
        for _ in range(10):
            logs.redact(None, "", {"event": unit * (8_000 // len(unit)), "all": unit * 1_000_000})
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_long_text_keeps_its_beginning_and_its_last_lines_and_no_half_of_a_secret() -> None:
    secret = "bk_" + "a" * 43
    traceback = "\n".join(["Traceback:", *(f"  line {secret}" for _ in range(500)), "KeyError"])
    for text in (traceback, f"told {secret} " * 500, f"Warning: {'a' * 9_000}"):
        redacted = str(logs.redact(None, "", {"event": text})["event"])
        assert len(redacted) < 8_100
        assert "aaa" not in redacted
        assert redacted.split()[0] == text.split()[0]
    kept = str(logs.redact(None, "", {"exception": traceback})["exception"])
    assert kept.splitlines()[-1] == "KeyError"
