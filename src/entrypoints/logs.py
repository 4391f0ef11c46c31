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
    r"authorization|cookie|token|secret|password|api_?key|e?-?mail|phone|notes|answers|contact"
)
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+\.[A-Za-z]{2,}")
_BEARER = re.compile(r"(?i)\b(bearer|booking)\s+[A-Za-z0-9._~+/=-]{16,}")


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
        return _BEARER.sub(r"\1 [redacted]", _ADDRESS.sub("[address]", value))
    return value


def configure(*, level: str, json: bool) -> None:
    """Sends structlog and the standard library's logging to stderr, in one form."""
    shared: list[Any] = [
        served,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    last = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLogger().level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
