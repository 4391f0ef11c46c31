from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from booking_core.application.held_data import HeldData, held_data, other_accounts
from booking_core.application.people import People
from booking_core.domain.account import Account
from booking_core.domain.actor import Actor, Role
from booking_core.domain.booking import Booking
from booking_core.domain.credential import Credential, CredentialKind
from booking_core.domain.errors import NotAllowed, SignInRequired
from booking_core.domain.ids import ClientId
from booking_core.domain.policies import check_in_person, check_may_run_people
from booking_core.domain.trail import Subject, SubjectKind, TrailEntry
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.outbox import Job, Topic
from booking_core.ports.trail import MOST_ENTRIES, TrailFilter
from booking_core.ports.unit_of_work import UnitOfWork


@frozen(kw_only=True)
class ClientExport:
    """All that is held about one person; of credentials what they are, and never their secrets.

    `mails` are those that were not sent yet, or were given up; `trail` is what happened to the
    account, its keys and the bookings, and what the client did, oldest first. `others` are accounts
    that may be the same person's and are not in it, for an operator to look at.
    """

    account: Account | None
    credentials: Sequence[Credential]
    bookings: Sequence[Booking]
    mails: Sequence[Job]
    trail: Sequence[TrailEntry]
    others: tuple[ClientId, ...]

    @property
    def any(self) -> bool:
        """Whether anything is held."""
        return bool(self.account or self.credentials or self.bookings)


@frozen
class ExportClient:
    """Everything that is held about one person: for itself, or for operators, who hand it over (J4)."""

    people: People
    jobs: JobQueue

    def __call__(
        self, *, actor: Actor, account_id: ClientId | None = None, email: str | None = None
    ) -> ClientExport:
        """What is held about the person named by account or by address; that may be nothing.

        Raises:
            NotFound: the caller is no operator.
            NotAllowed: for those who come with a key.
            InvalidRequest: not exactly one of both was given, or it is no address.
        """
        check_may_run_people(actor)
        return self._export(actor, account_id, email, others=True)

    def own(self, *, actor: Actor) -> ClientExport:
        """What is held about the client who asks.

        Raises:
            SignInRequired: for anonymous callers.
            NotAllowed: for builders and operators, and for those who come with a key.
        """
        if not actor.signed_in:
            raise SignInRequired
        check_in_person(actor)
        if actor.role is not Role.CLIENT:
            raise NotAllowed("This is for clients; an operator exports what is held about others.")
        return self._export(actor, ClientId(str(actor.id)), None, others=False)

    def _export(
        self, actor: Actor, account_id: ClientId | None, email: str | None, *, others: bool
    ) -> ClientExport:
        def export(uow: UnitOfWork) -> ClientExport:
            held = held_data(uow, account_id=account_id, email=email)
            credentials = uow.credentials.of(account_id=held.account_id, email=held.email)
            exported = ClientExport(
                account=held.account,
                credentials=credentials,
                bookings=held.bookings,
                mails=(),
                trail=_trail(uow, _told(held, credentials)),
                others=other_accounts(uow, held) if others else (),
            )
            if exported.any:
                count = len(held.bookings)
                self.people.tell(uow, "client exported", held.subject, by=actor, bookings=count)
            return exported

        exported = self.people.once(export)
        # The queue is asked outside of the transaction: it may have a connection of its own.
        jobs = self.jobs.of_bookings({each.id for each in exported.bookings})
        return evolve(exported, mails=[each for each in jobs if each.topic is Topic.SEND_MAIL])


def _told(held: HeldData, credentials: Sequence[Credential]) -> Iterator[TrailFilter]:
    """Which entries are about the person, or tell what it did."""
    if held.account_id is not None:
        yield TrailFilter(by=Actor.client(held.account_id).name)
    if held.account is not None:
        yield TrailFilter(subject=held.subject)
    for booking in held.bookings:
        yield TrailFilter(subject=Subject(SubjectKind.BOOKING, booking.id))
    for credential in credentials:
        if credential.kind is CredentialKind.API_KEY:
            yield TrailFilter(subject=Subject(SubjectKind.API_KEY, credential.id))


def _trail(uow: UnitOfWork, wanted: Iterable[TrailFilter]) -> list[TrailEntry]:
    """Each entry once, in the order in which they were written."""
    found = {entry.number: entry for criteria in wanted for entry in _all(uow, criteria)}
    return [found[number] for number in sorted(found)]


def _all(uow: UnitOfWork, criteria: TrailFilter) -> Iterator[TrailEntry]:
    last = None
    while True:
        page = evolve(criteria, after=last, oldest_first=True, limit=MOST_ENTRIES)
        found = uow.trail.find(page)
        yield from found
        if len(found) < MOST_ENTRIES:
            return
        last = found[-1].number
