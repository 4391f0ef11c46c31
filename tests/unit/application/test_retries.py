"""When a job that failed is tried again (E3, F2)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_core import InvalidRequest, ProviderFailed, retry_at, told
from booking_core.application.retries import MOST_TRIES
from booking_core.testing.examples import NOW

FIRST, LONGEST, MOST_ASKED = timedelta(seconds=10), timedelta(hours=6), timedelta(days=1)
JITTER = 1.25

attempts = st.integers(1, MOST_TRIES - 1)
failures = st.sampled_from([ProviderFailed("busy"), ZeroDivisionError(), TimeoutError()])


def pause(failed: Exception, attempt: int) -> timedelta:
    again = retry_at(failed, attempt=attempt, now=NOW)
    assert again is not None
    return again - NOW


def shortest(attempt: int) -> timedelta:
    """What the documentation says: ten seconds, doubled each time, six hours at most."""
    doubled = FIRST
    for _ in range(attempt - 1):
        doubled *= 2
    return min(doubled, LONGEST)


@given(failed=failures, attempt=attempts)
def test_each_pause_is_twice_the_one_before_and_a_quarter_more_at_most(
    failed: Exception, attempt: int
) -> None:
    assert shortest(attempt) <= pause(failed, attempt) <= shortest(attempt) * JITTER


def test_each_pause_is_longer_than_the_one_before_until_they_are_six_hours() -> None:
    pauses = [pause(TimeoutError(), attempt) for attempt in range(1, MOST_TRIES)]
    assert all(earlier < later for earlier, later in pairwise(pauses[:12]))
    assert min(pauses[12:]) >= LONGEST
    assert max(pauses) <= LONGEST * JITTER


def test_all_tries_together_last_longer_than_a_day_and_less_than_two() -> None:
    whole = sum((pause(TimeoutError(), n) for n in range(1, MOST_TRIES)), timedelta(0))
    assert timedelta(days=1) < whole < timedelta(days=2)


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    pauses = {pause(TimeoutError(), 5) for _ in range(100)}
    assert len(pauses) > 90
    assert max(pauses) - min(pauses) > shortest(5) * 0.15


@given(attempt=attempts, asked=st.timedeltas(timedelta(0), MOST_ASKED))
def test_nobody_is_asked_again_before_the_time_that_it_named(
    attempt: int, asked: timedelta
) -> None:
    waited = pause(ProviderFailed("slow down", retry_after=asked), attempt)
    assert waited >= asked
    assert waited <= max(asked, shortest(attempt)) * JITTER


@given(attempt=attempts, asked=st.timedeltas(max_value=FIRST))
def test_a_provider_that_always_asks_for_a_moment_does_not_use_up_the_tries(
    attempt: int, asked: timedelta
) -> None:
    waited = pause(ProviderFailed("slow down", retry_after=asked), attempt)
    assert shortest(attempt) <= waited <= shortest(attempt) * JITTER


@given(attempt=attempts, asked=st.timedeltas(min_value=MOST_ASKED))
def test_a_provider_that_names_an_absurd_time_is_asked_again_after_a_day(
    attempt: int, asked: timedelta
) -> None:
    waited = pause(ProviderFailed("slow down", retry_after=asked), attempt)
    assert MOST_ASKED <= waited <= MOST_ASKED * JITTER


@given(failed=failures, attempt=st.integers(MOST_TRIES, 10**6))
def test_after_the_last_try_there_is_none(failed: Exception, attempt: int) -> None:
    assert retry_at(failed, attempt=attempt, now=NOW) is None


@given(attempt=attempts, asked=st.none() | st.timedeltas())
def test_what_cannot_succeed_is_not_tried_again(attempt: int, asked: timedelta | None) -> None:
    failed = ProviderFailed("no such address", retryable=False, retry_after=asked)
    assert retry_at(failed, attempt=attempt, now=NOW) is None


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (ProviderFailed("The mail server is busy (421)."), "The mail server is busy (421)."),
        (InvalidRequest("Not so."), "Not so."),
        (ValueError("bo@example.org is wrong"), "ValueError"),
    ],
)
def test_why_it_failed_is_said_without_what_others_wrote(failed: Exception, said: str) -> None:
    assert told(failed) == said
