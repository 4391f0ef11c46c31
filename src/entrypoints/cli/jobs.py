from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from rich.text import Text

from booking_core import DeadJob, Job, WaitingJob, counted
from entrypoints.cli.commands import Command, Group
from entrypoints.cli.output import dim, table
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command
from entrypoints.problems import EX_NOINPUT
from entrypoints.times import rfc3339

_MOST = 100  # that are listed
_LONGEST = 30  # days that payment providers keep what they could not deliver


@click.group(cls=Group, invoke_without_command=True)
@pass_session
@click.pass_context
def jobs(ctx: click.Context, session: Session) -> None:
    """List jobs that wait, and those that were given up.

    With `restart ID` or `restart --all` they are tried again, with `discard ID` they are forgotten.
    """
    if ctx.invoked_subcommand is not None:
        return
    queue = session.core.jobs
    waiting, upcoming, dead = queue.waiting(), queue.upcoming(limit=_MOST), queue.dead()
    more = waiting - len(upcoming)
    session.screen.answer(
        {
            "waiting": waiting,
            "jobs": [_view(each) | _when(each) for each in upcoming],
            "dead": [_view(each) for each in dead],
        },
        *([table(("Due", "What", "Booking"), map(_waiting, upcoming))] if upcoming else []),
        *([f"… and {more} more, due later."] if more > 0 else []),
        *([table(("Given up", "What", "Tries", "Why"), map(_given_up, dead))] if dead else []),
        f"{counted(waiting, 'job')} to do or under way, {len(dead) or 'none'} given up.",
    )


def _view(each: WaitingJob | DeadJob) -> dict[str, object]:
    return {
        "id": each.id,
        "topic": each.job.topic.value,
        "subject": each.job.subject,
        "bookingId": each.job.booking_id,
        "attempts": each.attempts,
        "error": each.error,
    }


def _when(waiting: WaitingJob) -> dict[str, object]:
    return {"dueAt": rfc3339(waiting.job.due_at), "begun": waiting.begun}


def _waiting(each: WaitingJob) -> tuple[str, str, Text]:
    due = "being done" if each.begun else f"{each.job.due_at.astimezone(UTC):%Y-%m-%d %H:%M}Z"
    tried = f"\ntried {each.attempts}×, {each.error}" if each.error else ""
    return due, _about(each.job), dim(each.job.booking_id).append(tried)


def _given_up(each: DeadJob) -> tuple[str, str, str, Text]:
    why = dim(f"{each.job.booking_id}\n")
    return each.id, _about(each.job), str(each.attempts), why.append(each.error)


def _about(job: Job) -> str:
    kind, *reader = job.subject.split("|")[:2]
    return " to ".join([kind, *reader]) or job.topic.value


@jobs.command(cls=Command)
@click.argument("job", required=False)
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
@pass_session
@click.pass_context
def restart(ctx: click.Context, session: Session, job: str | None, everything: bool) -> None:
    """Try JOB again, now."""
    queue = session.core.jobs
    if (job is None) != everything:
        raise click.UsageError(f"Say which: an ID of `{command('jobs')}`, or --all.")
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
        data, f"No job {job} was given up; see `{command('jobs')}`." if missing else done
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
