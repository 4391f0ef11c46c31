"""The one place where errors of the drivers become errors of ours; no driver text gets through."""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from booking_core import BookingError, InvalidRequest, NotSetUp, ProviderFailed, StaleBooking

_DEADLOCK, _NOT_SERIALIZABLE, LOCK_TIMEOUT = "40P01", "40001", "55P03"
_IN_THE_WAY = {_DEADLOCK, _NOT_SERIALIZABLE, LOCK_TIMEOUT}
_UNIQUE, _EXCLUDED = "23505", "23P01"
_UNDEFINED = {"42P01", "42703", "3F000"}  # table, column, schema
_SQLITE_ERROR, _SQLITE_BUSY, _SQLITE_LOCKED = 1, 5, 6
_UNUSABLE_FILE = {
    14: "The file of DATABASE_URL cannot be opened; name another one, or let this user write there.",
    26: "The file of DATABASE_URL is no SQLite database; name another one.",
}
_SQLITE_UNIQUE = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}


def translate(context: ExceptionContext) -> None:
    """Raises our error in place of a foreseen one; for an engine's event `handle_error`."""
    ours = _translated(context)
    if ours is not None:
        raise ours from context.original_exception


def unanswered() -> ProviderFailed:
    """What is said when the database cannot be reached."""
    return ProviderFailed("The database does not answer.")


def sqlstate(error: BaseException | None) -> str | None:
    """PostgreSQL's code of an error; None for every other error."""
    return getattr(error, "sqlstate", None)


def _translated(context: ExceptionContext) -> BookingError | None:
    wrapped, original = context.sqlalchemy_exception, context.original_exception
    if _in_the_way(original):
        return StaleBooking()
    if _without_tables(original):
        return NotSetUp("The database is not set up for this version; run `booking migrate`.")
    if (unusable := _UNUSABLE_FILE.get(_sqlite_code(original))) is not None:
        return NotSetUp(unusable)
    if context.is_disconnect or isinstance(wrapped, OperationalError | InterfaceError):
        return unanswered()
    if isinstance(wrapped, DataError) or isinstance(original, UnicodeEncodeError):
        return InvalidRequest("A text or a number cannot be stored; NUL characters, for example.")
    return None


def _in_the_way(error: BaseException) -> bool:
    busy = _sqlite_code(error) in (_SQLITE_BUSY, _SQLITE_LOCKED)
    return busy or sqlstate(error) in _IN_THE_WAY


def _sqlite_code(error: BaseException) -> int:
    """SQLite's primary code of an error; 0 for every other error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _without_tables(error: BaseException) -> bool:
    text = str(error) if getattr(error, "sqlite_errorcode", 0) == _SQLITE_ERROR else ""
    return sqlstate(error) in _UNDEFINED or text.startswith(("no such table", "no such column"))


def refuse_duplicate(error: IntegrityError, refusal: BookingError) -> NoReturn:
    """Raises `refusal` when the error is about a value that has to be unique, else the error."""
    if sqlstate(error.orig) == _UNIQUE or _sqlite_name(error) in _SQLITE_UNIQUE:
        raise refusal from error
    raise error


def refuse_overlap(error: IntegrityError) -> None:
    """Raises the error unless it says that a change made two claims overlap."""
    if sqlstate(error.orig) != _EXCLUDED and _sqlite_name(error) != "SQLITE_CONSTRAINT_TRIGGER":
        raise error


def _sqlite_name(error: IntegrityError) -> str:
    return getattr(error.orig, "sqlite_errorname", "")
