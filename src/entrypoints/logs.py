"""Structured logs: one line an event, with the request's id, and without anybody's data."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from booking_core import REQUEST_ID

_SECRET_NAMES = re.compile(
    r"authorization|cookie|token|secret|password|api_?key|e?-?mail|phone|notes|answers|contact|guests"
)
# A caller chooses what some lines quote, so no pattern may look at a text more than a few times.
_END = r"\s<>\"(),;:=/@"
_ADDRESS = re.compile(
    rf"(?<![^{_END}])('*)[^{_END}'][^{_END}]{{0,253}}?(?:@|%40)[^{_END}']{{1,254}}\.[^\W\d_][\w-]+"
)
#: Characters of one text: a traceback has that many; what gunicorn quotes of a caller may have more.
_LONGEST = 8_000
_BEARER = re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{16,}")
#: A manage token is longer than the name of any command that somebody is told to run.
_MANAGE = re.compile(r"(?i)\b(booking)\s+[A-Za-z0-9_-]{40,}")
#: Known by their form wherever they stand: our bearer tokens and API keys, and Stripe's.
_SECRET = re.compile(
    r"\beyJ(?:(?!-eyJ)[\w-])++\.[\w-]++\.[\w-]*|\bbk_[\w-]{43}|\b[sr]k_(?:test|live)_\w+|\bwhsec_\w+"
)


def served(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Says which request the line belongs to, whoever wrote it: the web, a job, or an adapter."""
    if request_id := REQUEST_ID.get():
        event.setdefault("request_id", request_id)
    return event


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes secrets and personal data out of a log line, by the name of the field and by form."""
    return {name: _redacted(name, value) for name, value in event.items()}


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name.lower()):
        return "[redacted]"
    if isinstance(value, dict):
        return {key: _redacted(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", each) for each in value]
    if isinstance(value, str):
        value = _ADDRESS.sub(r"\1[address]", _shortened(value))
        for secret in (_BEARER, _MANAGE):
            value = secret.sub(r"\1 [redacted]", value)
        return _SECRET.sub("[redacted]", value)
    return value


def _shortened(text: str) -> str:
    """Its beginning and its last lines; no word is cut, for half a secret has no form to be known by."""
    if len(text) <= _LONGEST:
        return text
    head, tail = text[: _LONGEST // 2], text[-_LONGEST // 2 :]
    return " [...]\n".join((head.rpartition(" ")[0], tail.partition("\n")[2]))


# What every line goes through before it is written.
STEPS: tuple[Any, ...] = (
    served,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
)


def formatter(*, json: bool) -> logging.Formatter:
    """Writes the lines of structlog and those of the standard library's logging in one form."""
    last: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=STEPS,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def structured() -> dict[str, Any]:
    """How structlog hands its lines to the standard library's logging."""
    wrap = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
    return {
        "processors": [structlog.stdlib.filter_by_level, *STEPS, wrap],
        "logger_factory": structlog.stdlib.LoggerFactory(),
        "wrapper_class": structlog.stdlib.BoundLogger,
    }


#: Libraries that tell at INFO what nobody asked for.
CHATTY = ("alembic", "flask-limiter", "httpx")


def configure(*, level: str, json: bool) -> None:
    """Sends structlog and the standard library's logging to stderr, in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(json=json))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    structlog.configure(**structured())
