"""A log line that tells too much fails the test in which it was written."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from adapters.tokens import SignedTokens
from booking_core import (
    BookingId,
    CredentialId,
    ManageKey,
    NewCredential,
    Role,
    SystemClock,
)
from booking_core.domain.credential import LinkKey
from booking_core.testing.examples import a_credential
from entrypoints.settings import Settings
from tests.leaks import WATCH

MANAGE = ManageKey(b"k" * 32)
CONFIGURED = "a-secret-of-this-very-test-0123456789"


def said_by_both(text: str) -> tuple[list[str], list[str]]:
    with WATCH.apart() as by_library:
        logging.getLogger("booking.calendly").warning("it said: %s", text)
    with WATCH.apart() as by_structlog:
        structlog.get_logger("booking.web").info("it said", text=text)
    return by_library, by_structlog


def test_what_everybody_may_read_is_let_through() -> None:
    assert said_by_both("GET /api/scheduling/bookings/bkg_01J9Z8X7W6V5T4S3R2Q1: 200") == ([], [])


@pytest.mark.parametrize(
    "told", ["ana.ng@example.org", "?invitee_email=ana%40example.org", "sk_test_51abc", "whsec_abc"]
)
def test_addresses_and_keys_are_found(told: str) -> None:
    assert all(said_by_both(f"for {told}, again"))


def test_tokens_that_were_given_out_are_found() -> None:
    Settings.load({"SECRET_KEY": CONFIGURED})
    tokens = SignedTokens(SystemClock(), b"k" * 32)
    for secret in (
        CONFIGURED,
        MANAGE.token(BookingId("bkg_1"), 1),
        tokens.mint(role=Role.ADMIN, id="root"),
        LinkKey(b"k" * 32).secret_of(CredentialId("crd_1")),
        NewCredential(a_credential(), "the-secret-of-a-session-0123456789").secret,
    ):
        assert all(said_by_both(f"/bookings/bkg_1?token={secret}")), secret


def test_what_others_log_and_redaction_takes_out_is_fine() -> None:
    with WATCH.apart() as found:
        logging.getLogger("urllib3").warning("for ana@example.org")
        logging.getLogger("urllib3").warning("/bookings/%s", MANAGE.token(BookingId("bkg_2"), 1))
    assert len(found) == 1  # only what no form tells to be a secret


def test_what_is_in_a_traceback_is_looked_at() -> None:
    with WATCH.apart() as found:
        try:
            raise ValueError(MANAGE.token(BookingId("bkg_3"), 1))
        except ValueError:
            structlog.get_logger("booking.web").exception("failed")
            logging.getLogger("booking.stripe").exception("failed")
    assert len(found) == 2


PLANTED = """
import logging

def test_that_is_clean():
    logging.getLogger("booking.smtp").warning("the mail was refused")

def test_that_leaks():
    logging.getLogger("booking.smtp").warning("the mail to ana@example.org was refused")
"""


def test_a_planted_leak_fails_its_test(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED)
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.leaks", "-p", "no:cacheprovider"]
        + ["-c", os.devnull, "--rootdir", tmp_path, tmp_path],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert "The log tells" in done.stdout
