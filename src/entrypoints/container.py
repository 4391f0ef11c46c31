"""Wires the application: the one file that chooses adapters.

Adapters are found by name through packaging entry points, ours and other teams' alike (L4). A
factory gets keyword arguments: a store `settings`, all others also `unit_of_work` and `clock`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from typing import Any, Protocol

from attrs import frozen
from dependency_injector import containers, providers

from adapters.calendar_files import ICalendarFiles
from adapters.mail_templates import ClientWords, TemplateMailWriter
from adapters.sql import SqlStore, jobs_schema
from adapters.tokens import SignedTokens
from booking_core import (
    BookingCore,
    CalendarAccounts,
    CalendarFiles,
    CalendarNoticeReader,
    CalendarProvider,
    Clock,
    HoldLimits,
    Identity,
    JobQueue,
    Language,
    Mailer,
    MailWriter,
    NoticeSubscriptions,
    PaymentGateway,
    PaymentNoticeReader,
    ProofReader,
    Role,
    SystemClock,
    UnitOfWorkFactory,
)
from entrypoints.identity import Bearers
from entrypoints.measured import measured
from entrypoints.metrics import Metrics
from entrypoints.notices import CALENDLY, OwnNotices
from entrypoints.settings import Settings, SettingsError
from entrypoints.starter_catalogue import starter_catalogue


class Store(UnitOfWorkFactory, Protocol):
    """Where everything is kept: units of work, and the schema that they need."""

    def upgrade(self) -> None:
        """Brings the schema up to date."""

    def downgrade(self) -> None:
        """Takes the schema away, with everything in it."""

    def pending(self) -> Sequence[str] | None:
        """The migrations that are missing; None where there is no schema."""

    def clock(self) -> datetime | None:
        """What time it is on the database's own clock; None where it has none."""

    def close(self) -> None:
        """Gives connections back."""


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
    metrics: Metrics
    notices: OwnNotices | None = None
    proofs: ProofReader | None = None

    def mint(self, *, role: Role, id: str, name: str = "", email: str = "") -> str:
        """A bearer token for operators to hand out."""
        return self.tokens.mint(role=role, id=id, name=name, email=email)

    def seed(self) -> int:
        """Adds the starter catalogue; how many session types were new."""
        return self.core.seed_catalogue(offers=starter_catalogue())

    def web_app(self) -> Any:
        """The web door on this application. By name, because doors are built on this file."""
        return import_module("entrypoints.web").create_app(self)

    def client_words(self, language: Language) -> ClientWords:
        """What pages tell a client in the words of its mails."""
        return ClientWords(language)

    def close(self) -> None:
        self.schema.close()


@cache
def _installed(group: str) -> EntryPoints:
    """Looking through everything that is installed takes a while, so it is done once."""
    return entry_points(group=group)


def _named(group: str, name: str, variable: str) -> Callable[..., Any]:
    """The factory that some package declares under that name. Raises SettingsError."""
    found = {each.name: each for each in _installed(group)}
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


def _proofs(settings: Settings, clock: Clock, metrics: Metrics) -> ProofReader | None:
    if not settings.jwt_jwks_url:
        return None
    from adapters import jwks_tokens  # with an HTTP client, which a command can do without

    try:
        reader = jwks_tokens.build(settings=settings.for_adapters(), clock=clock)
    except ValueError as unusable:
        raise _at_fault(unusable, "JWT_JWKS_URL") from unusable
    return measured(reader, "identity", metrics)


#: How an adapter names another variable than the one that chose it.
_NAMED = re.compile(r"([A-Z][A-Z_]+): (.+)")


def _hold_limits(settings: Settings) -> HoldLimits:
    """In development one person at one machine tries everything out."""
    if settings.production:
        return HoldLimits()
    return HoldLimits(client=1_000, address=1_000, builder=1_000)


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


def _calendar_accounts(calendar: CalendarProvider) -> CalendarAccounts | None:
    """The calendar adapter itself, where builders may bring accounts of their own."""
    return calendar if isinstance(calendar, CalendarAccounts) else None


def _own_notices(
    calendar: CalendarProvider,
    accounts: CalendarAccounts | None,
    public_url: str,
    metrics: Metrics,
) -> OwnNotices | None:
    if not isinstance(calendar, NoticeSubscriptions):
        return None
    subscriptions = measured(calendar, "calendar", metrics)
    return OwnNotices(subscriptions, f"{public_url}{CALENDLY}", metrics, accounts)


class Container(containers.DeclarativeContainer):
    """One provider a port, each made once."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    metrics: providers.Provider[Metrics] = providers.Singleton(Metrics)
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
    calendar_accounts: providers.Provider[CalendarAccounts | None] = providers.Singleton(
        _calendar_accounts, calendar
    )
    own_notices: providers.Provider[OwnNotices | None] = providers.Singleton(
        _own_notices, calendar, calendar_accounts, settings.provided.public_url, metrics
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
        calendar=providers.Singleton(measured, calendar, "calendar", metrics),
        calendar_notices=calendar_notices,
        calendar_accounts=calendar_accounts,
        payments=providers.Singleton(measured, payments, "payments", metrics),
        payment_notices=payment_notices,
        mailer=providers.Singleton(measured, mailer, "mailer", metrics),
        mail_writer=mail_writer,
        calendar_files=calendar_files,
        jobs=jobs,
        clock=clock,
        secret_key=settings.provided.secret_key.encode.call(),
        public_url=settings.provided.public_url,
        hold_limits=providers.Callable(_hold_limits, settings),
    )
    proofs: providers.Provider[ProofReader | None] = providers.Singleton(
        _proofs, settings, clock, metrics
    )
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
        metrics,
        own_notices,
        proofs,
    )


def assemble(settings: Settings) -> Application:
    """The application that these settings describe.

    Raises:
        SettingsError: a setting names an adapter that is not there, or that cannot be made.
    """
    return Container(settings=settings).application()
