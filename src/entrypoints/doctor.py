"""Looks at everything that the service needs, and says how to mend what is not well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from booking_core import (
    Actor,
    BookingError,
    Builder,
    BuilderId,
    Health,
    ProofReader,
    ProviderFailed,
    SchedulingMode,
    SessionType,
    Subscription,
    counted,
    waiting_at_most,
)
from entrypoints.invoked import command
from entrypoints.problems import reason
from entrypoints.settings import EXPOSED, PROXIES_UNSAID, Settings

if TYPE_CHECKING:
    from entrypoints.container import Application
    from entrypoints.notices import OwnNotices

_SKEW = timedelta(seconds=5)
_LAG = timedelta(minutes=10)
_REMEMBERED = 5.0  # seconds
_REACHED = ", at the address and credentials of that provider, and whether this machine reaches it."
_PROBE = 2.5  # seconds; whoever asks whether we are ready does not wait for long


@frozen
class Finding:
    """One thing that was looked at; `advice` says what to do when it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def findings(application: Application) -> list[Finding]:
    """Everything that `doctor` looks at."""
    found = _database(application)
    kept = [_clock, _catalogue, _scheduling, _api_keys, _jobs] if found.ok else []
    told = [_notices(application, application.notices)] if application.notices else []
    if found.ok and not application.calendar.in_database:
        told = [_event_types(application), *told, *_calendar_accounts(application)]
    return [
        _settings(application),
        found,
        *(look(application) for look in kept),
        _calendar(application.calendar.health()),
        *told,
        _payments(application),
        _mail(application),
        *([_identity(application.proofs)] if application.proofs else []),
    ]


@define
class Readiness:
    """Whether requests can be answered. Callers share what the provider said a moment ago."""

    application: Application
    _lock: Lock = field(factory=Lock, init=False)
    _health: Health | None = field(default=None, init=False)
    _asked_at: float = field(default=0.0, init=False)

    def missing(self) -> list[Finding]:
        """What has to be well, and is not."""
        looked_at = (_database(self.application), _calendar(self._calendar_health()))
        return [each for each in looked_at if not each.ok]

    def _calendar_health(self) -> Health:
        with self._lock:
            if self._health is None or monotonic() - self._asked_at >= _REMEMBERED:
                with waiting_at_most(_PROBE):
                    self._health = self.application.calendar.health()
                self._asked_at = monotonic()
            return self._health


def _settings(application: Application) -> Finding:
    settings = application.settings
    if settings.exposed:
        detail = "the published SECRET_KEY on an address that others reach"
        return Finding("settings", False, detail, EXPOSED)
    if settings.proxies_unsaid:
        detail = "nobody said whether the service stands behind proxies"
        return Finding("settings", False, detail, PROXIES_UNSAID)
    return Finding(
        "settings",
        True,
        f"{settings.environment}, calendar {settings.calendar}, "
        f"payments {settings.payments}, mail {settings.mailer}",
    )


def _database(application: Application) -> Finding:
    try:
        missing = application.schema.pending()
    except BookingError as failed:
        return Finding("database", False, reason(failed), "Look at DATABASE_URL.")
    if missing:
        detail = f"migrations are missing: {', '.join(missing)}"
        return Finding("database", False, detail, f"Run `{command('migrate')}`.")
    return Finding("database", True, "answers, and its schema is up to date")


def _clock(application: Application) -> Finding:
    """Deadlines and jobs go by two clocks where the database has one of its own."""
    try:
        theirs = application.schema.clock()
    except BookingError as failed:
        return Finding("clock", False, reason(failed), "Look at DATABASE_URL.")
    if theirs is None:
        return Finding("clock", True, "the database has none of its own")
    apart = abs(theirs - datetime.now(UTC))
    detail = f"{apart.total_seconds():.1f} s from that of the database"
    advice = "Set the clocks of this machine and of the database by NTP: holds end by them."
    return Finding("clock", apart <= _SKEW, detail, advice)


def _catalogue(application: Application) -> Finding:
    advice = f"Run `{command('seed')}`, or `{command('builders add')}`."
    try:
        builders = application.core.list_builders()
    except BookingError as failed:
        return Finding("catalogue", False, reason(failed), advice)
    return Finding("catalogue", bool(builders), counted(len(builders), "active builder"), advice)


def _scheduling(application: Application) -> Finding:
    """Who is booked how; no matter of right or wrong."""
    try:
        builders = application.core.list_builders()
    except BookingError as failed:
        return Finding("scheduling", False, reason(failed), "Look at DATABASE_URL.")
    others = [f"{each.slug} by {each.scheduling_mode}" for each in builders if not _direct(each)]
    direct = sum(map(_direct, builders))
    return Finding(
        "scheduling", True, ", ".join([f"{counted(direct, 'builder')} directly", *others])
    )


def _direct(builder: Builder) -> bool:
    return builder.scheduling_mode is SchedulingMode.DIRECT


def _api_keys(application: Application) -> Finding:
    """Who has left takes its keys along; those of no account have to be looked through by hand."""
    try:
        keys = application.core.list_api_keys(actor=Actor.system())
    except BookingError as failed:
        return Finding("api keys", False, reason(failed), "Look at DATABASE_URL.")
    usable = [each for each in keys if each.usable(datetime.now(UTC))]
    nobodys = [
        f"{each.grant.name} ({each.id})" for each in usable if each.grant and not each.account_id
    ]
    detail = f"{counted(len(usable), 'key')} can be used"
    if nobodys:
        detail += (
            f"; of no account, so that only `{command('api-keys revoke')}` ends them: "
            f"{', '.join(nobodys)}"
        )
    return Finding("api keys", True, detail)


def _jobs(application: Application) -> Finding:
    try:
        stock = application.core.take_stock()
    except BookingError as failed:
        return Finding("jobs", False, reason(failed), "Look at DATABASE_URL.")
    detail = f"{counted(stock.waiting_jobs, 'job')} to do, {stock.dead_jobs or 'none'} given up"
    if stock.job_lag > _LAG:
        late = f"{detail}; the oldest is due for {int(stock.job_lag.total_seconds() // 60)} minutes"
        return Finding("jobs", False, late, f"See whether `{command('worker')}` is running.")
    return Finding("jobs", not stock.dead_jobs, detail, f"Run `{command('jobs')}` to see why.")


def _calendar(health: Health) -> Finding:
    advice = f"Look at BOOKING_CALENDAR{_REACHED}"
    return Finding("calendar", health.ok, health.detail, advice)


def _event_types(application: Application) -> Finding:
    """Whether what is offered can be booked at the provider, and as long as it is there."""
    try:
        offered = _offered(application)
        without = _without_event_type(application, offered)
        lengths, unread = _read_there(application, offered)
    except BookingError as failed:
        return Finding("event types", False, reason(failed), "Look at the calendar.")
    unlike = [
        name
        for name, each in offered.items()
        if lengths.get(each.id, each.duration) != each.duration
    ]
    found = [
        f"{counted(len(names), 'session type')} {what}: {', '.join(names)}"
        for names, what in (
            (without, "without an event type"),
            (unlike, "not as long as the event type"),
        )
        if names
    ]
    sync = f"run `{command('sync-event-types')}`"
    if unread:
        deactivate = f"`{command('session-types change ID --not-active')}`"
        advice = f"Look at the account; what it is to offer no more is taken off by {deactivate}."
    elif without:
        advice = f"Deactivate them; {sync} for those that the calendar has."
    else:
        advice = f"{sync.capitalize()}."
    detail = "; ".join([*unread, *found]) or "all can be booked"
    return Finding("event types", not unread and not found, detail, advice)


def _offered(application: Application) -> dict[str, SessionType]:
    system = Actor.system()
    return {
        f"{builder.slug}/{each.slug}": each
        for builder in application.core.list_builders()
        for each in application.core.list_session_types(builder=builder.id, actor=system)
        if each.active
    }


def _without_event_type(application: Application, offered: dict[str, SessionType]) -> list[str]:
    if not application.calendar.needs_event_type:
        return []
    return [name for name, each in offered.items() if each.calendar_ref is None]


def _read_there(
    application: Application, offered: dict[str, SessionType]
) -> tuple[dict[str, timedelta], list[str]]:
    """How long they are at the provider, and whose cannot be read. Raises ProviderFailed for all."""
    lengths: dict[str, timedelta] = {}
    failures: dict[BuilderId, ProviderFailed] = {}
    offering = sorted({each.builder_id for each in offered.values()})
    for builder_id in offering:
        try:
            listed = application.core.list_event_types(
                actor=Actor.system(), builder_id=BuilderId(builder_id)
            )
        except ProviderFailed as failed:
            failures[BuilderId(builder_id)] = failed
            continue
        lengths |= {
            each.session_type_id: timedelta(minutes=each.event_type.duration_minutes)
            for each in listed
            if each.session_type_id is not None
        }
    if len(failures) == len(offering) > 1:
        raise next(iter(failures.values()))
    names = {each.id: each.name for each in application.core.list_builders()}
    unread = [
        f"{names[builder_id]}'s event types cannot be read: {reason(failed)}"
        for builder_id, failed in failures.items()
    ]
    return lengths, unread


def _notices(application: Application, notices: OwnNotices) -> Finding:
    try:
        own = notices.own()
        modes = {each.scheduling_mode for each in application.core.list_builders()}
        all_by_link = modes == {SchedulingMode.LINK}
    except BookingError as failed:
        return Finding("notices", False, reason(failed), "Look at the calendar.")
    settings = application.settings
    posted = next((each for each in own if each.active), None)
    if posted is not None:
        return _posted(posted, settings)
    if not own and settings.out_of_reach:
        detail = f"none: nobody else reaches {notices.url}; `{command('repair')}` finds the rest"
        return Finding("notices", True, detail)
    if not own and all_by_link:
        detail = (
            f"none, and all bookings go by link: where the plan has no notices, run "
            f"`{command('repair')}` regularly; else `{command('webhooks register')}`"
        )
        return Finding("notices", True, detail)
    what = "the calendar gave up posting to" if own else "the calendar does not post to"
    wanted = notices.url.startswith("https:") or settings.calendly_webhook_signing_key
    by_link = command("builders change NAME --scheduling-mode link")
    advice = (
        f"Run `{command('webhooks register')}`. Where the plan refuses that, run `{by_link}` for each "
        f"builder, and `{command('repair')}` regularly."
    )
    return Finding("notices", not own and not wanted, f"{what} {notices.url}", advice)


def _calendar_accounts(application: Application) -> list[Finding]:
    """Whether the accounts that builders bound can be used, and are told of where ours is."""
    try:
        checked = application.core.check_calendars()
        unheard = _unheard(application.notices) if application.notices and checked else set()
    except BookingError as failed:
        return [Finding("calendar accounts", False, reason(failed), "Look at the calendar.")]
    problems = [(each.builder, each.problem) for each in checked if each.problem]
    problems += [
        (each.builder, "no notices come of it")
        for each in checked
        if not each.problem and each.builder.id in unheard
    ]
    detail = "; ".join(f"{builder.name}'s own account: {why}" for builder, why in problems)
    advice = (
        f"Where a token is not taken, `{command('builders bind-calendar BUILDER')}` with a new one, or "
        f"`{command('builders unbind-calendar BUILDER')}`; where notices are missing, "
        f"`{command('webhooks register')}` says why."
    )
    found = detail or f"{len(checked)} that builders bound can be used"
    return [Finding("calendar accounts", not problems, found, advice)] if checked else []


def _unheard(notices: OwnNotices) -> set[BuilderId]:
    """Whose own accounts nothing is posted about, or nothing that we take, while it is about ours."""
    if not notices.own():
        return set()
    return {builder_id for builder_id, each in notices.of_builders().items() if not _is_heard(each)}


def _is_heard(notices: OwnNotices) -> bool:
    try:
        return any(each.active and each.failing_since is None for each in notices.own())
    except BookingError:
        return False


def _posted(posted: Subscription, settings: Settings) -> Finding:
    """Whether we take what is posted."""
    if settings.calendar == "calendly" and not settings.calendly_webhook_signing_key:
        detail = f"all that the calendar posts to {posted.url} is refused: no key proves it"
        advice = (
            "Set CALENDLY_WEBHOOK_SIGNING_KEY to 32 random characters, start the service anew, and "
            f"run `{command('webhooks rotate')}`."
        )
        return Finding("notices", False, detail, advice)
    if posted.failing_since is not None:
        since = posted.failing_since.isoformat(timespec="minutes")
        detail = f"what the calendar posts to {posted.url} fails since {since}"
        advice = (
            "See in the log whether it is refused: then CALENDLY_WEBHOOK_SIGNING_KEY is not the key "
            f"that it was registered with, and `{command('webhooks rotate')}` mends that. Else see "
            "whether that address is reached from outside."
        )
        return Finding("notices", False, detail, advice)
    return Finding("notices", True, f"the calendar posts to {posted.url}")


def _payments(application: Application) -> Finding:
    health = application.payments.health()
    advice = f"Look at BOOKING_PAYMENTS{_REACHED}"
    return Finding("payments", health.ok, health.detail, advice)


def _mail(application: Application) -> Finding:
    health = application.mailer.health()
    return Finding("mail", health.ok, health.detail, "Look at BOOKING_MAILER and SMTP_URL.")


def _identity(proofs: ProofReader) -> Finding:
    """Whether those can sign in who come with a token of the identity provider."""
    health = proofs.health()
    advice = (
        "Look at JWT_JWKS_URL and whether this machine reaches it, at JWT_ISSUER and JWT_AUDIENCE; "
        "set the clocks by NTP."
    )
    return Finding("identity", health.ok, health.detail, advice)
