from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from rich.text import Text

from booking_core import DeadJob
from entrypoints.cli.commands import Command, Group
from entrypoints.cli.output import dim, table
from entrypoints.cli.session import Session, pass_session
from entrypoints.problems import EX_NOINPUT

_LONGEST = 30  # days that payment providers keep what they could not deliver


@click.group(cls=Group, invoke_without_command=True)
@pass_session
@click.pass_context
def jobs(ctx: click.Context, session: Session) -> None:
    """List jobs that were given up.

    With `restart ID` or `restart --all` they are tried again, with `discard ID` they are forgotten.
    """
    if ctx.invoked_subcommand is not None:
        return
    queue = session.core.jobs
    waiting, dead = queue.waiting(), queue.dead()
    session.screen.answer(
        {"waiting": waiting, "dead": [_view(each) for each in dead]},
        f"{waiting} wait or are being done, {len(dead)} were given up.",
        *([table(("Job", "What", "Tries", "Why"), [_row(each) for each in dead])] if dead else []),
    )


def _view(dead: DeadJob) -> dict[str, object]:
    return {
        "id": dead.id,
        "topic": dead.job.topic.value,
        "subject": dead.job.subject,
        "bookingId": dead.job.booking_id,
        "attempts": dead.attempts,
        "error": dead.error,
    }


def _row(dead: DeadJob) -> tuple[str, str, str, Text]:
    about = dead.job.subject.replace("|", " to ") or dead.job.topic.value
    why = dim(f"{dead.job.booking_id}\n")
    return dead.id, about, str(dead.attempts), why.append(dead.error)


@jobs.command(cls=Command)
@click.argument("job", required=False)
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
@pass_session
@click.pass_context
def restart(ctx: click.Context, session: Session, job: str | None, everything: bool) -> None:
    """Try JOB again, now."""
    queue = session.core.jobs
    if (job is None) != everything:
        raise click.UsageError("Say which: an ID of `booking jobs`, or --all.")
    chosen = [job] if job else [each.id for each in queue.dead()]
    restarted = sum(queue.restart(each) for each in chosen)
    _tell(ctx, session, {"restarted": restarted}, f"Restarted {restarted}.", job, restarted)


@jobs.command(cls=Command)
@click.argument("job")
@pass_session
@click.pass_context
def discard(ctx: click.Context, session: Session, job: str) -> None:
    """Forget JOB; what it was to do stays undone."""
    gone = session.core.jobs.discard(job)
    _tell(ctx, session, {"discarded": int(gone)}, "Forgotten.", job, int(gone))


def _tell(
    ctx: click.Context, session: Session, data: object, done: str, job: str | None, count: int
) -> None:
    missing = job is not None and not count
    session.screen.answer(
        data, f"No job {job} was given up; see `booking jobs`." if missing else done
    )
    if missing:
        ctx.exit(EX_NOINPUT)


@click.command(cls=Command)
@click.option(
    "--days", type=click.IntRange(1, _LONGEST), default=3, show_default=True,
    help="How far back to look.",
)  # fmt: skip
@pass_session
def catch_up(session: Session, days: int) -> None:
    """Take payment notices that did not arrive.

    Asks the payment provider for what it could not deliver; a job looks at each payment then.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    with session.screen.working("Asking the payment provider …"):
        found = session.core.hear_payment_notice.missed(since=since)
    session.screen.answer({"found": found}, f"Took {found} notices that were news.")
