"""The calendar provider: what lost notices left behind, its event types, its notices."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from booking_core import (
    Actor,
    BookingError,
    BuilderId,
    Difference,
    DifferenceKind,
    Failure,
    RepairReport,
    Subscription,
)
from entrypoints import times, views
from entrypoints.cli.commands import Command, Group, timezone_option
from entrypoints.cli.output import Screen, console, dim, mark, table
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command
from entrypoints.notices import OwnNotices
from entrypoints.problems import EX_NO, EX_NOINPUT, EX_TEMPFAIL
from entrypoints.settings import SettingsError

_T = TypeVar("_T")
_OURS = "The service's account"

builder_option = click.option(
    "--builder", metavar="NAME", help="Only this one (id or slug); all when left out."
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only say what differs.")


def _named(session: Session, builder: str | None) -> BuilderId | None:
    system = Actor.system()
    return session.core.show_builder(name=builder, actor=system).id if builder else None


# ---- repair --------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.option("--from", "first", metavar="TIME", help="A date or a time; now when left out.")
@click.option("--to", "last", metavar="TIME", help="A date, included, or a time; 14 days later.")
@timezone_option
@builder_option
@dry_run_option
@pass_session
@click.pass_context
def repair(
    ctx: click.Context,
    session: Session,
    first: str | None,
    last: str | None,
    timezone: str | None,
    builder: str | None,
    dry_run: bool,
) -> None:
    """Compare our bookings with the calendar provider's events, and mend what differs.

    Of what starts between --from and --to. Answers 1 while something differs.
    """
    with _progress(session.screen) as told:
        report = session.core.repair_calendar(
            window=times.window(first, last, timezone or "UTC"),
            actor=Actor.system(),
            builder_id=_named(session, builder),
            dry_run=dry_run,
            progress=told,
            wait=lambda length: time.sleep(length.total_seconds()),
        )
    session.screen.answer(
        views.repair_report(report) | {"dryRun": dry_run},
        *_repaired(report, dry_run, session.timezone),
    )
    if report.failed:
        ctx.exit(EX_TEMPFAIL)
    if not all(each.mended for each in report.differences):
        ctx.exit(EX_NO)


@contextmanager
def _progress(screen: Screen) -> Iterator[Callable[[int, int], object]]:
    """On terminals only, as everything that moves."""
    terminal = console(sys.stderr)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=terminal,
        transient=True,
        disable=screen.json or not terminal.is_terminal,
    )
    with bar:
        comparing = bar.add_task("Comparing day by day …", total=None)

        def tell(done: int, of: int) -> None:
            bar.update(comparing, completed=done, total=of)

        yield tell


def _repaired(report: RepairReport, dry_run: bool, timezone: str) -> Iterator[RenderableType]:
    if report.failed:
        yield table(("Not compared to the end", "Why"), map(_failure, report.failed))
        yield ""
    compared = f"Compared {report.bookings} bookings with {report.events} events"
    if not report.differences:
        yield f"{compared}: nothing differs."
        return
    unmatched = [each for each in report.differences if each.kind is DifferenceKind.UNMATCHED]
    others = [each for each in report.differences if each.kind is not DifferenceKind.UNMATCHED]
    if others:
        rows = [_difference(each, timezone) for each in others]
        yield table(("", "Difference", f"When ({timezone}) and where"), rows)
        yield ""
    if unmatched:
        cells = [_difference(each, timezone) for each in unmatched]
        yield table(
            ("", "Placed by clients who may not book them"),
            [(mended, told) for mended, _, told in cells],
        )
        yield "They stay at the provider; see to each there.\n"
    mended = sum(each.mended for each in report.differences)
    verdict = "nothing was changed" if dry_run else f"{mended} mended"
    yield f"{compared}: {len(report.differences)} differences, {verdict}."


def _failure(each: Failure) -> tuple[str, Text]:
    return each.builder_id, Text(each.error, style="red")


def _difference(each: Difference, timezone: str) -> tuple[Text, str, Text]:
    kind = f"{each.kind.value}: {each.change.value}" if each.change else each.kind.value
    when = [times.day_and_clock(at, timezone) for at in (each.start, each.moved_to) if at]
    told = Text("\n".join(filter(None, (" → ".join(when), each.booking_id, each.event_uri))))
    if each.error:
        told.append(f"\n{each.error}", style="red")
    return mark(each.mended), kind, told


# ---- event types ---------------------------------------------------------------------------------


@click.command(cls=Command)
@builder_option
@dry_run_option
@pass_session
@click.pass_context
def sync_event_types(
    ctx: click.Context, session: Session, builder: str | None, dry_run: bool
) -> None:
    """Bring session types up to date with the calendar provider's event types.

    What was edited here stays as it is; doing it again changes nothing. Answers 1 when some could not
    be brought up to date.
    """
    with session.screen.working("Asking the calendar provider …"):
        report = session.core.sync_event_types(
            actor=Actor.system(), builder_id=_named(session, builder), dry_run=dry_run
        )
    told = views.sync_report(report, dry_run=dry_run)
    session.screen.answer(told | {"dryRun": dry_run}, *_synced(session, told, dry_run))
    if report.failed:
        ctx.exit(EX_NO)


def _synced(session: Session, told: Mapping[str, Any], dry_run: bool) -> Iterator[RenderableType]:
    would = "would be " if dry_run else ""
    if told["changes"]:
        rows = [
            (
                f"{would}{each['change']}",
                Text(each["title"]).append_text(dim(_fields(each["fields"]))),
            )
            for each in told["changes"]
        ]
        yield table(("Change", "Session type"), rows)
        yield ""
    if told["kept"]:
        rows = [
            (session.offer(each["sessionTypeId"]).session_type.title, Text(each["field"]))
            for each in told["kept"]
        ]
        yield table(("Edited here, so kept", "Field"), rows)
        yield ""
    if told["failed"]:
        rows = [
            (
                each["about"] or session.builder_name(each["builderId"]),
                Text(each["detail"], style="red"),
            )
            for each in told["failed"]
        ]
        yield table(("Not brought up to date", "Why"), rows)
        yield ""
    counts = [f"{told[what]} {what}" for what in ("created", "updated", "deactivated", "unchanged")]
    yield ", ".join(counts) + ("; nothing was changed." if dry_run else ".")


def _fields(names: list[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


# ---- notices -------------------------------------------------------------------------------------


@click.group(cls=Group, invoke_without_command=True)
@pass_session
@click.pass_context
def webhooks(ctx: click.Context, session: Session) -> None:
    """List where the calendar provider posts its notices.

    `register` has them posted to PUBLIC_URL, `rotate` does so anew with the first signing key,
    `remove` ends it.
    """
    if ctx.invoked_subcommand is None:
        _list(session)


def _notices(session: Session) -> OwnNotices:
    notices = session.application.notices
    if notices is None:
        name = session.settings.calendar
        raise SettingsError("BOOKING_CALENDAR", f"the calendar '{name}' sends no notices.")
    return notices


def _of_builders(
    session: Session, ask: Callable[[OwnNotices], _T]
) -> tuple[list[tuple[BuilderId, _T]], list[Failure]]:
    """What was answered about the accounts that builders bound, and who could not be asked."""
    answers: list[tuple[BuilderId, _T]] = []
    failed: list[Failure] = []
    for builder_id, notices in _notices(session).of_builders().items():
        try:
            answers.append((builder_id, ask(notices)))
        except BookingError as failure:
            failed.append(Failure(builder_id, failure.message))
    return answers, failed


def _of_ours(
    session: Session, ask: Callable[[OwnNotices], _T], *, alone: bool
) -> tuple[_T | None, list[str]]:
    """What was answered about the service's account, and why it could not be asked.

    Where there is no other one that is told as everywhere.
    """
    try:
        return ask(_notices(session)), []
    except BookingError as refused:
        if alone:
            raise
        return None, [refused.message]


def _refusals(refused: Sequence[str], failed: Sequence[Failure]) -> list[dict[str, Any]]:
    ours = [{"builderId": None, "about": None, "detail": each} for each in refused]
    return [*ours, *(views.failure(each) for each in failed)]


def _listed(notices: OwnNotices) -> Sequence[Subscription]:
    return notices.subscriptions.subscriptions()


def _list(session: Session) -> None:
    notices = _notices(session)
    bound, failed = _of_builders(session, _listed)
    ours, refused = _of_ours(session, _listed, alone=not (bound or failed))
    found: list[tuple[BuilderId | None, Subscription]] = [(None, each) for each in ours or ()]
    found += [(builder_id, each) for builder_id, listed in bound for each in listed]
    rows = [
        (
            mark(each.active),
            times.day_and_clock(each.created_at, session.timezone),
            _where(each, session.builder_name(builder_id) if builder_id else ""),
        )
        for builder_id, each in found
    ]
    told = {
        "webhooks": [views.subscription(each, builder_id) for builder_id, each in found],
        "own": notices.url,
        "failed": _refusals(refused, failed),
    }
    session.screen.answer(
        told,
        table(("", f"Since ({session.timezone})", "Posts to"), rows)
        if rows
        else f"There are none; `{command('webhooks register')}` adds {notices.url}.",
        *_not_asked(session, refused, failed),
    )


def _not_asked(
    session: Session, refused: Sequence[str], failed: Sequence[Failure]
) -> Iterator[RenderableType]:
    rows = [(_OURS, _why(each)) for each in refused]
    rows += [(_whose(session, each.builder_id), _why(each.error)) for each in failed]
    if rows:
        yield ""
        yield table(("Account", "Why it could not be asked"), rows)


def _where(each: Subscription, builder: str) -> Text:
    whose = f"\nof {builder}'s own account" if builder else ""
    state = "" if each.active else "\nthe provider gave it up"
    if each.active and each.failing_since is not None:
        state = "\nwhat is posted fails; `doctor` says more"
    return Text(each.url).append_text(dim(f"\n{each.uri}{whose}{state}"))


@webhooks.command("list")
@pass_session
def list_webhooks(session: Session) -> None:
    """List where the notices go."""
    _list(session)


@webhooks.command()
@pass_session
@click.pass_context
def register(ctx: click.Context, session: Session) -> None:
    """Have notices posted to PUBLIC_URL; doing it again changes nothing.

    Those of the accounts that builders bound as well. What one account refuses keeps no other from
    it; the answer is then 1.
    """
    _registered(ctx, session, OwnNotices.register)


@webhooks.command()
@pass_session
@click.pass_context
def rotate(ctx: click.Context, session: Session) -> None:
    """Register anew, so that the first of the signing keys is used.

    Before that, set CALENDLY_WEBHOOK_SIGNING_KEY to NEW,OLD and start the service anew with it: a
    service that does not know the new key refuses what is signed with it.
    """
    _registered(ctx, session, OwnNotices.rotate)


def _registered(
    ctx: click.Context, session: Session, how: Callable[[OwnNotices], Subscription]
) -> None:
    bound, failed = _of_builders(session, how)
    own, refused = _of_ours(session, how, alone=not (bound or failed))
    rows = [(mark(True), _OURS, Text(own.url))] if own else []
    rows += [(mark(False), _OURS, _why(each)) for each in refused]
    rows += [(mark(True), _whose(session, whose), Text(each.url)) for whose, each in bound]
    rows += [(mark(False), _whose(session, each.builder_id), _why(each.error)) for each in failed]
    session.screen.answer(
        {
            "webhook": own and views.subscription(own),
            "builders": [views.subscription(each, builder_id) for builder_id, each in bound],
            "failed": _refusals(refused, failed),
        },
        table(("", "Account", "Posts to"), rows),
    )
    if refused or failed:
        ctx.exit(EX_NO)


def _whose(session: Session, builder_id: BuilderId) -> str:
    return f"{session.builder_name(builder_id)}'s own account"


def _why(error: str) -> Text:
    return Text(error, style="red")


@webhooks.command()
@click.argument("uri", required=False)
@pass_session
@click.pass_context
def remove(ctx: click.Context, session: Session, uri: str | None) -> None:
    """End the one named by URI, as listed; all of our own when left out."""
    refused: list[str] = []
    if uri is None:
        bound, failed = _of_builders(session, OwnNotices.remove)
        ours, refused = _of_ours(session, OwnNotices.remove, alone=not (bound or failed))
        removed = (ours or 0) + sum(number for _, number in bound)
    else:
        removed, failed = _removed(session, uri)
    told = f"Ended {removed}." if removed else "There was none."
    session.screen.answer(
        {"removed": removed, "failed": _refusals(refused, failed)},
        told,
        *_not_asked(session, refused, failed),
    )
    if not removed:
        ctx.exit(EX_NOINPUT)


def _removed(session: Session, uri: str) -> tuple[int, list[Failure]]:
    """With the token of whoever has it: nobody else may."""

    def end(notices: OwnNotices) -> bool:
        listed = {each.uri for each in _listed(notices)}
        return uri in listed and notices.subscriptions.unsubscribe(uri=uri)

    bound, failed = _of_builders(session, end)
    if any(ended for _, ended in bound):
        return 1, failed
    return int(_notices(session).subscriptions.unsubscribe(uri=uri)), failed
