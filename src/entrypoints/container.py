"""Wires the application: the one file that chooses adapters.

Adapters are found by name through packaging entry points, ours and other teams' alike (L4). A
factory gets keyword arguments: a store `settings`, all others also `unit_of_work` and `clock`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Protocol

from attrs import frozen
from dependency_injector import containers, providers

from adapters.calendar_files import ICalendarFiles
from adapters.mail_templates import TemplateMailWriter
from adapters.sql import SqlStore, jobs_schema
from adapters.tokens import SignedTokens
from booking_core import (
    Actor,
    BookingCore,
    BookingError,
    Builder,
    CalendarFiles,
    CalendarNoticeReader,
    CalendarProvider,
    Clock,
    Identity,
    JobQueue,
    Mailer,
    MailWriter,
    NoticeSubscriptions,
    PaymentGateway,
    PaymentNoticeReader,
    ProofReader,
    Role,
    SchedulingMode,
    SessionType,
    SystemClock,
    UnitOfWorkFactory,
)
from entrypoints.identity import Bearers
from entrypoints.invoked import command
from entrypoints.notices import CALENDLY, OwnNotices
from entrypoints.problems import reason
from entrypoints.settings import EXPOSED, Settings, SettingsError
from entrypoints.starter_catalogue import starter_catalogue


class Store(UnitOfWorkFactory, Protocol):
    """Where everything is kept: units of work, and the schema that they need."""

    def upgrade(self) -> None:
        """Brings the schema up to date."""

    def downgrade(self) -> None:
        """Takes the schema away, with everything in it."""

    def pending(self) -> Sequence[str] | None:
        """The migrations that are missing; None where there is no schema."""

    def close(self) -> None:
        """Gives connections back."""


@frozen
class Finding:
    """One thing that was looked at; `advice` says what to do when it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


@frozen
class Application:
    """What the doors are given."""

    settings: Settings
    core: BookingCore
    identity: Identity
    tokens: SignedTokens
    schema: Store
    calendar: CalendarProvider
    payments: PaymentGateway
    mailer: Mailer
    notices: OwnNotices | None = None

    def mint(self, *, role: Role, id: str, name: str = "", email: str = "") -> str:
        """A bearer token for operators to hand out."""
        return self.tokens.mint(role=role, id=id, name=name, email=email)

    def seed(self) -> int:
        """Adds the starter catalogue; how many session types were new."""
        return self.core.seed_catalogue(offers=starter_catalogue())

    def web_app(self) -> Any:
        """The web door on this application. By name, because doors are built on this file."""
        return import_module("entrypoints.web").create_app(self)

    def missing(self) -> list[Finding]:
        """What has to be well before requests can be answered, and is not."""
        return [each for each in (self._database(), self._calendar()) if not each.ok]

    def findings(self) -> list[Finding]:
        """Everything that `doctor` looks at."""
        database = self._database()
        kept = [self._catalogue(), self._scheduling(), self._jobs()] if database.ok else []
        told = [self._notices(self.notices)] if self.notices else []
        if database.ok and not self.calendar.in_database:
            told = [self._event_types(), *told]
        return [
            self._settings(),
            database,
            *kept,
            self._calendar(),
            *told,
            self._payments(),
            self._mail(),
        ]

    def close(self) -> None:
        self.schema.close()

    def _settings(self) -> Finding:
        if self.settings.exposed:
            detail = "the published SECRET_KEY on an address that others reach"
            return Finding("settings", False, detail, EXPOSED)
        return Finding(
            "settings",
            True,
            f"{self.settings.environment}, calendar {self.settings.calendar}, "
            f"payments {self.settings.payments}, mail {self.settings.mailer}",
        )

    def _database(self) -> Finding:
        try:
            missing = self.schema.pending()
        except BookingError as failed:
            return Finding("database", False, reason(failed), "Look at DATABASE_URL.")
        if missing:
            detail = f"migrations are missing: {', '.join(missing)}"
            return Finding("database", False, detail, f"Run `{command('migrate')}`.")
        return Finding("database", True, "answers, and its schema is up to date")

    def _catalogue(self) -> Finding:
        advice = f"Run `{command('seed')}`, or `{command('builders add')}`."
        try:
            builders = self.core.list_builders()
        except BookingError as failed:
            return Finding("catalogue", False, reason(failed), advice)
        return Finding("catalogue", bool(builders), f"{len(builders)} active builders", advice)

    def _calendar(self) -> Finding:
        health = self.calendar.health()
        return Finding("calendar", health.ok, health.detail, "Look at BOOKING_CALENDAR.")

    def _scheduling(self) -> Finding:
        """Who is booked how; no matter of right or wrong."""
        try:
            builders = self.core.list_builders()
        except BookingError as failed:
            return Finding("scheduling", False, reason(failed), "Look at DATABASE_URL.")
        others = [
            f"{each.slug} by {each.scheduling_mode}" for each in builders if not _direct(each)
        ]
        direct = sum(map(_direct, builders))
        return Finding("scheduling", True, ", ".join([f"{direct} builders directly", *others]))

    def _event_types(self) -> Finding:
        """Whether what is offered can be booked at the provider, and as long as it is there."""
        try:
            offered = self._offered()
            without = self._without_event_type(offered)
            unlike = self._of_other_length(offered) if offered else []
        except BookingError as failed:
            return Finding("event types", False, reason(failed), "Look at the calendar.")
        found = [
            f"{len(names)} session types {what}: {', '.join(names)}"
            for names, what in (
                (without, "have no event type"),
                (unlike, "are not as long as their event type"),
            )
            if names
        ]
        sync = f"run `{command('sync-event-types')}`"
        if without:
            advice = f"Deactivate them; {sync} for those that the calendar has."
        else:
            advice = f"{sync.capitalize()}."
        return Finding("event types", not found, "; ".join(found) or "all can be booked", advice)

    def _offered(self) -> dict[str, SessionType]:
        system = Actor.system()
        return {
            f"{builder.slug}/{each.slug}": each
            for builder in self.core.list_builders()
            for each in self.core.list_session_types(builder=builder.id, actor=system)
            if each.active
        }

    def _without_event_type(self, offered: dict[str, SessionType]) -> list[str]:
        if not self.calendar.needs_event_type:
            return []
        return [name for name, each in offered.items() if each.calendar_ref is None]

    def _of_other_length(self, offered: dict[str, SessionType]) -> list[str]:
        lengths = {
            each.session_type_id: timedelta(minutes=each.event_type.duration_minutes)
            for each in self.core.list_event_types(actor=Actor.system())
        }
        return [
            name
            for name, each in offered.items()
            if lengths.get(each.id, each.duration) != each.duration
        ]

    def _notices(self, notices: OwnNotices) -> Finding:
        try:
            own = notices.own()
        except BookingError as failed:
            return Finding("notices", False, reason(failed), "Look at the calendar.")
        if any(each.active for each in own):
            return Finding("notices", True, f"the calendar posts to {notices.url}")
        if not own and self.settings.out_of_reach:
            detail = (
                f"none: nobody else reaches {notices.url}; `{command('repair')}` finds the rest"
            )
            return Finding("notices", True, detail)
        what = "the calendar gave up posting to" if own else "the calendar does not post to"
        wanted = notices.url.startswith("https:") or self.settings.calendly_webhook_signing_key
        well = not own and not wanted
        advice = f"Run `{command('webhooks register')}`."
        return Finding("notices", well, f"{what} {notices.url}", advice)

    def _payments(self) -> Finding:
        health = self.payments.health()
        return Finding("payments", health.ok, health.detail, "Look at BOOKING_PAYMENTS.")

    def _mail(self) -> Finding:
        health = self.mailer.health()
        return Finding("mail", health.ok, health.detail, "Look at BOOKING_MAILER and SMTP_URL.")

    def _jobs(self) -> Finding:
        try:
            dead, waiting = len(self.core.jobs.dead()), self.core.jobs.waiting()
        except BookingError as failed:
            return Finding("jobs", False, reason(failed), "Look at DATABASE_URL.")
        detail = f"{waiting} wait, {dead} were given up"
        return Finding("jobs", not dead, detail, f"Run `{command('jobs')}` to see why.")


def _named(group: str, name: str, variable: str) -> Callable[..., Any]:
    """The factory that some package declares under that name. Raises SettingsError."""
    found = {each.name: each for each in entry_points(group=group)}
    if name not in found:
        choices = ", ".join(sorted(found)) or "none is installed"
        raise SettingsError(variable, f"there is no adapter '{name}'; there are: {choices}.")
    try:
        factory: Callable[..., Any] = found[name].load()
    except ImportError as missing:
        raise SettingsError(variable, f"the adapter '{name}' needs {missing.name}.") from missing
    return factory


def _store(settings: Settings) -> Store:
    scheme = settings.database_url.partition(":")[0].partition("+")[0]
    name = "postgresql" if scheme == "postgres" else scheme
    factory = _named("booking.stores", name, "DATABASE_URL")
    try:
        store: Store = factory(settings=settings.for_adapters())
    except ValueError as unusable:
        raise SettingsError("DATABASE_URL", str(unusable)) from unusable
    except ImportError as missing:
        raise SettingsError("DATABASE_URL", f"this database needs {missing.name}.") from missing
    return store


def _adapter(
    group: str, variable: str, name: str, settings: Settings, unit_of_work: Store, clock: Clock
) -> Any:
    factory = _named(group, name, variable)
    try:
        return factory(settings=settings.for_adapters(), unit_of_work=unit_of_work, clock=clock)
    except ValueError as unusable:
        raise _at_fault(unusable, variable) from unusable


def _at_fault(unusable: ValueError, variable: str) -> SettingsError:
    """By the variable that the adapter names, else by the one that chose it."""
    named = _NAMED.fullmatch(str(unusable))
    return SettingsError(*(named.groups() if named else (variable, str(unusable))))


def _proofs(settings: Settings, clock: Clock) -> ProofReader | None:
    if not settings.jwt_jwks_url:
        return None
    from adapters import jwks_tokens  # with an HTTP client, which a command can do without

    try:
        return jwks_tokens.build(settings=settings.for_adapters(), clock=clock)
    except ValueError as unusable:
        raise _at_fault(unusable, "JWT_JWKS_URL") from unusable


#: How an adapter names another variable than the one that chose it.
_NAMED = re.compile(r"([A-Z][A-Z_]+): (.+)")


def _jobs(store: Store, clock: Clock) -> JobQueue | None:
    """An engine for any number of workers where the database can carry one; otherwise our own table."""
    if not isinstance(store, SqlStore) or store.engine.dialect.name != "postgresql":
        return None
    from adapters.procrastinate_jobs import ProcrastinateJobs  # of the extra `postgres`

    return ProcrastinateJobs(store.engine, jobs_schema(store.engine), clock)


def _with_jobs(store: Store, jobs: JobQueue | None) -> Store:
    outbox = getattr(jobs, "outbox", None)
    return store.with_outbox(outbox) if isinstance(store, SqlStore) and outbox else store


def _notices(payments: PaymentGateway) -> PaymentNoticeReader | None:
    """The payment adapter itself, where it also reads what its provider posts."""
    return payments if isinstance(payments, PaymentNoticeReader) else None


def _calendar_notices(calendar: CalendarProvider) -> CalendarNoticeReader | None:
    """The calendar adapter itself, where it also reads what its provider posts."""
    return calendar if isinstance(calendar, CalendarNoticeReader) else None


def _own_notices(calendar: CalendarProvider, public_url: str) -> OwnNotices | None:
    if not isinstance(calendar, NoticeSubscriptions):
        return None
    return OwnNotices(calendar, f"{public_url}{CALENDLY}")


def _direct(builder: Builder) -> bool:
    return builder.scheduling_mode is SchedulingMode.DIRECT


class Container(containers.DeclarativeContainer):
    """One provider a port, each made once."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    tables: providers.Provider[Store] = providers.Singleton(_store, settings)
    jobs: providers.Provider[JobQueue | None] = providers.Singleton(_jobs, tables, clock)
    store: providers.Provider[Store] = providers.Singleton(_with_jobs, tables, jobs)
    calendar: providers.Provider[CalendarProvider] = providers.Singleton(
        _adapter,
        "booking.calendars",
        "BOOKING_CALENDAR",
        settings.provided.calendar,
        settings,
        store,
        clock,
    )
    calendar_notices: providers.Provider[CalendarNoticeReader | None] = providers.Singleton(
        _calendar_notices, calendar
    )
    own_notices: providers.Provider[OwnNotices | None] = providers.Singleton(
        _own_notices, calendar, settings.provided.public_url
    )
    payments: providers.Provider[PaymentGateway] = providers.Singleton(
        _adapter,
        "booking.payments",
        "BOOKING_PAYMENTS",
        settings.provided.payments,
        settings,
        store,
        clock,
    )
    payment_notices: providers.Provider[PaymentNoticeReader | None] = providers.Singleton(
        _notices, payments
    )
    mailer: providers.Provider[Mailer] = providers.Singleton(
        _adapter,
        "booking.mailers",
        "BOOKING_MAILER",
        settings.provided.mailer,
        settings,
        store,
        clock,
    )
    mail_writer: providers.Provider[MailWriter] = providers.Singleton(TemplateMailWriter)
    calendar_files: providers.Provider[CalendarFiles] = providers.Singleton(
        ICalendarFiles, settings.provided.public_url, settings.provided.mail_from
    )
    tokens: providers.Provider[SignedTokens] = providers.Singleton(
        SignedTokens, clock, settings.provided.secret_key.encode.call()
    )
    core: providers.Provider[BookingCore] = providers.Singleton(
        BookingCore.assemble,
        unit_of_work=store,
        calendar=calendar,
        calendar_notices=calendar_notices,
        payments=payments,
        payment_notices=payment_notices,
        mailer=mailer,
        mail_writer=mail_writer,
        calendar_files=calendar_files,
        jobs=jobs,
        clock=clock,
        secret_key=settings.provided.secret_key.encode.call(),
        public_url=settings.provided.public_url,
    )
    proofs: providers.Provider[ProofReader | None] = providers.Singleton(_proofs, settings, clock)
    identity: providers.Provider[Identity] = providers.Singleton(Bearers, core, tokens, proofs)
    application: providers.Provider[Application] = providers.Singleton(
        Application,
        settings,
        core,
        identity,
        tokens,
        store,
        calendar,
        payments,
        mailer,
        own_notices,
    )


def assemble(settings: Settings) -> Application:
    """The application that these settings describe.

    Raises:
        SettingsError: a setting names an adapter that is not there, or that cannot be made.
    """
    return Container(settings=settings).application()
