"""Errors in one readable paragraph on stderr, and what to do about them."""

from __future__ import annotations

import traceback

import click
from rich.console import RenderableType
from rich.text import Text

from booking_core import BookingError, InvalidRequest, NotFound, ProviderFailed, SlotUnavailable
from entrypoints import problems, views
from entrypoints.cli import tables
from entrypoints.cli.session import Session
from entrypoints.invoked import command
from entrypoints.settings import SettingsError

_LISTED_BY = {"builder": "builders", "session type": "session-types", "booking": "bookings"}


def tell(error: BookingError | SettingsError, session: Session) -> int:
    """Tells it, and answers the exit code."""
    if isinstance(error, SettingsError):
        return _settings(error.name, str(error), session)
    if isinstance(error, ProviderFailed) and _not_migrated(session):
        return _no_tables(session)
    parts: list[RenderableType] = [_paragraph(error)]
    if isinstance(error, SlotUnavailable) and error.alternatives:
        parts += ["", tables.alternatives(error.alternatives, session.timezone)]
    if isinstance(error, SlotUnavailable) and error.reschedule_url:
        parts += ["", error.reschedule_url]
    session.screen.complain(
        _document(error.code, error.title, error.message) | views.plain(error.extensions()), *parts
    )
    return problems.of(error).exit_code


def tell_usage(error: click.UsageError, session: Session) -> int:
    message = error.format_message()
    session.screen.complain(_document("wrong_usage", "Wrong usage", message), message)
    return problems.EX_USAGE


def unexpected(error: Exception, session: Session) -> int:
    """A bug, or a database that was never migrated."""
    if _not_migrated(session):
        return _no_tables(session)
    message = f"This should not happen: {type(error).__name__}: {error}"
    trace = "".join(traceback.format_exception(error))
    session.screen.complain(
        _document("bug", "A bug in booking", message) | {"traceback": trace}, trace, _red(message)
    )
    return problems.EX_SOFTWARE


def _paragraph(error: BookingError) -> Text:
    text = _red(error.message)
    if isinstance(error, InvalidRequest):
        for each in error.errors:
            if each.detail != error.message:
                text.append(f"\n  {each.detail}", style="default")
    if isinstance(error, ProviderFailed):
        text.append(f" `{command('doctor')}` says more.", style="default")
    if isinstance(error, NotFound) and error.what in _LISTED_BY:
        text.append(f" `{command(_LISTED_BY[error.what])}` lists what there is.", style="default")
    return text


def _settings(name: str, message: str, session: Session) -> int:
    session.screen.complain(
        _document("bad_settings", "A setting is wrong", message) | {"setting": name},
        _red(message).append(f" `{command('settings')}` lists them all.", style="default"),
    )
    return problems.EX_CONFIG


def _not_migrated(session: Session) -> bool:
    """Asked only after something failed, because asking takes a while."""
    try:
        return session.opened is not None and bool(session.opened.schema.pending())
    except Exception:
        return False  # the database cannot be asked; the first error says why


def _no_tables(session: Session) -> int:
    message = f"The database is not set up for this version; run `{command('migrate')}`."
    session.screen.complain(
        _document("not_migrated", "The database is not set up", message), _red(message)
    )
    return problems.EX_CONFIG


def _document(code: str, title: str, message: str) -> dict[str, object]:
    return {"success": False, "code": code, "title": title, "error": message}


def _red(message: str) -> Text:
    return Text(message, style="red")
