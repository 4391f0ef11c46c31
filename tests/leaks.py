"""No test may log a secret, or how somebody is reached.

Every line of the run is looked at, of structlog and of the standard library's logging, as it would
be written in production. The test in which one tells too much fails, whatever it was about. What our
own code says must be clean before anything is taken out: `logs.redact` is a net, and no excuse.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
import structlog

from adapters.tokens import SignedTokens
from booking_core import CalendarBinding, ManageKey, NewCredential
from booking_core.domain.credential import LinkKey
from entrypoints import logs
from entrypoints.settings import DEVELOPMENT_SECRET, Settings, settings_fields

_ADDRESS = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_SECRET = re.compile(
    r"\beyJ[\w-]+\.[\w-]+\.|\bbk_[\w-]{43}|\b[sr]k_(?:test|live)_\w+|\bwhsec_\w+"
    r"|(?i:\bbearer\s+[\w.~+/=-]{16,})"
)
_WORD = re.compile(r"[\w.-]{16,}")
_SHORTEST = 12  # characters of a secret; shorter ones are ordinary words
_OURS = ("booking", "booking_core")


class Watch:
    """What must not be said, and what was said in spite of it."""

    def __init__(self) -> None:
        self.given_out: set[str] = {DEVELOPMENT_SECRET}
        self.found: list[str] = []

    def look_at(self, text: str) -> None:
        for what, leaked in (("an address", _ADDRESS), ("a secret", _SECRET)):
            if leaked.search(text):
                self.found.append(f"{what}: {text}")
        words = {form for word in _WORD.findall(text) for form in (word, word.strip("."))}
        if words & self.given_out:
            self.found.append(f"a secret that was given out: {text}")

    @contextmanager
    def apart(self) -> Iterator[list[str]]:
        """What is found in this block, kept from failing the test."""
        kept, self.found = self.found, []
        try:
            yield self.found
        finally:
            self.found = kept


WATCH = Watch()
_FORMATTER = logs.formatter(json=True)


def _of_the_library(record: logging.LogRecord) -> None:
    if isinstance(record.msg, dict):  # structlog's, which was looked at before
        return
    if record.name.split(".")[0] in _OURS:
        WATCH.look_at(record.getMessage())
    WATCH.look_at(_FORMATTER.format(logging.makeLogRecord(vars(record))))


def _of_structlog(logger: Any, method: str, event: dict[str, Any]) -> None:
    said = {name: value for name, value in event.items() if name not in ("exc_info", "exception")}
    WATCH.look_at(json.dumps(said, default=repr))
    line: Any = dict(event)
    for step in logs.STEPS:
        line = step(logger, method, line)
    WATCH.look_at(json.dumps(line, default=repr))


# ---- where lines and secrets come by -----------------------------------------------------------


def _before(owner: type, name: str, watch: Callable[..., None]) -> None:
    was = getattr(owner, name)

    @wraps(was)
    def watched(*args: Any, **named: Any) -> Any:
        watch(*args, **named)
        return was(*args, **named)

    setattr(owner, name, watched)


def _remembered(owner: type, name: str) -> None:
    was = getattr(owner, name)

    @wraps(was)
    def remembering(*args: Any, **named: Any) -> Any:
        secret = was(*args, **named)
        WATCH.given_out.add(secret)
        return secret

    setattr(owner, name, remembering)


def _remember_settings(settings: Settings) -> None:
    for each in settings_fields():
        value = getattr(settings, each.name)
        if each.metadata["secret"] and isinstance(value, str):
            parts = re.findall(r"://[^:/@]*:([^@]+)@", value) or ([] if "://" in value else [value])
            WATCH.given_out.update(part for part in parts if len(part) >= _SHORTEST)


def _remember_token(_: object, **said: Any) -> None:
    if said["token"]:
        WATCH.given_out.add(said["token"])


def pytest_configure() -> None:
    def structured(logger: Any, method: str, event: str | None = None, /, **said: Any) -> None:
        _of_structlog(logger, method, {"event": event, **structlog.get_context(logger), **said})

    _before(logging.Logger, "handle", lambda _, record: _of_the_library(record))
    _before(structlog._base.BoundLoggerBase, "_proxy_to_logger", structured)
    _before(Settings, "_check", _remember_settings)
    _remembered(SignedTokens, "mint")
    _remembered(ManageKey, "token")
    _remembered(LinkKey, "secret_of")
    _before(NewCredential, "__init__", lambda _, __, secret: WATCH.given_out.add(secret))
    _before(CalendarBinding, "__init__", _remember_token)


def _check() -> None:
    found, WATCH.found = WATCH.found, []
    if found:
        pytest.fail("The log tells\n  " + "\n  ".join(found[:5]), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    answer = yield
    _check()
    return answer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    answer = yield
    _check()
    return answer


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    answer = yield
    _check()
    return answer
