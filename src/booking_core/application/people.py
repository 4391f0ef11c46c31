"""How accounts are found, made and joined; the part that every way to sign in shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import evolve, frozen

from booking_core.application.witness import of_events
from booking_core.domain.account import Account, SignIn
from booking_core.domain.actor import Actor, Role
from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.contact import Contact
from booking_core.domain.credential import Credential
from booking_core.domain.errors import StaleBooking
from booking_core.domain.ids import BuilderId, ClientId
from booking_core.domain.trail import Subject, SubjectKind, TrailEntry, TrailKind
from booking_core.ports.clock import Clock
from booking_core.ports.ids import IdFactory
from booking_core.ports.repositories import MOST_BOOKINGS, BookingFilter
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_T = TypeVar("_T")
_TRIES = 3


@frozen
class People:
    """Keeps accounts, each change in a transaction of its own or in the caller's."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    ids: IdFactory

    def once(self, change: Callable[[UnitOfWork], _T]) -> _T:
        """Commits what `change` does; one that met another writer is tried again from the start.

        Raises:
            StaleBooking: other writers were in the way each time.
        """
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                with self.unit_of_work() as uow:
                    answer = change(uow)
                    uow.commit()
                    return answer
            except StaleBooking:
                if last:
                    raise
        raise AssertionError  # the last round returns or raises

    def new(self, contact: Contact | None, **more: Any) -> Account:
        """An account that is not kept yet."""
        account_id = ClientId(self.ids.new("cli"))
        return Account(id=account_id, contact=contact, created_at=self.clock.now(), **more)

    def of_address(self, uow: UnitOfWork, contact: Contact) -> Account:
        """The account that holds the address; made, and proved by nothing, when there is none."""
        return uow.accounts.by_email(contact.email) or uow.accounts.save(self.new(contact))

    def proved(self, uow: UnitOfWork, contact: Contact, sign_in: SignIn | None = None) -> Account:
        """The account of somebody who has proved to own that address, its bookings claimed (C6).

        Who has signed in by `sign_in` before and proves the address only now is the same person: its
        account becomes the one that holds the address, with all that is its own.
        """
        mine = uow.accounts.by_sign_in(sign_in) if sign_in else None
        if mine is not None and mine.email_proved:
            return mine
        holder = uow.accounts.by_email(contact.email)
        stored = holder or mine or self.new(contact)
        account = stored.proved(contact)
        if sign_in is not None:
            account = account.signing_in_by(sign_in)
        if holder is not None and mine is not None:
            account = self._merged(uow, account, mine)
        if account != stored or not stored.version:
            account = uow.accounts.save(account)
        for booking in uow.bookings.unclaimed(contact.email):
            self._claim(uow, booking, account)
        return account

    def _merged(self, uow: UnitOfWork, account: Account, other: Account) -> Account:
        """The account with the roles, keys and bookings of another one, which is no more."""
        for booking in uow.bookings.find(BookingFilter(client_id=other.id, limit=MOST_BOOKINGS)):
            self._claim(uow, booking, account)
        uow.credentials.hand_over(other.id, to=account.id)
        uow.accounts.remove(other)
        by = Actor.client(account.id)
        self.tell(uow, "accounts joined", person(account.id), by=by, joined=other.id)
        return evolve(
            account,
            builder_id=account.builder_id or other.builder_id,
            is_admin=account.is_admin or other.is_admin,
        )

    def _claim(self, uow: UnitOfWork, booking: Booking, account: Account) -> None:
        booking.claim(account.id)
        booking.by = Actor.client(account.id).name
        uow.bookings.save(booking)
        uow.trail.add(of_events(booking, at=self.clock.now()))
        booking.events.clear()

    def let_in(self, uow: UnitOfWork, builder: Builder, *, actor: Actor) -> BuilderId:
        """Makes the account of the builder's address that builder, unless it is another one already.

        Which one it is then.
        """
        contact = Contact(builder.name, builder.email, builder.timezone, builder.language)
        account = self.of_address(uow, contact)
        if account.builder_id is not None:
            return account.builder_id
        self.tell_of_role(uow, "role granted", account, builder.id, by=actor)
        uow.accounts.save(evolve(account, builder_id=builder.id))
        return builder.id

    def revoke_key(self, uow: UnitOfWork, key: Credential, *, by: Actor) -> None:
        """Ends an API key, unless it has ended already."""
        if uow.credentials.spend(key.id, now=self.clock.now()):
            self.tell_of_key(uow, "key revoked", key, by=by)

    # ---- the trail ---------------------------------------------------------------------------

    def tell_of_role(
        self,
        uow: UnitOfWork,
        name: str,
        account: Account,
        builder_id: BuilderId | None,
        *,
        by: Actor,
    ) -> None:
        """That the account was given the role of that builder, or lost it; without one, of an admin."""
        role = Role.BUILDER if builder_id else Role.ADMIN
        self.tell(uow, name, person(account.id), by=by, builder_id=builder_id, role=role.value)

    def tell_of_key(self, uow: UnitOfWork, name: str, key: Credential, *, by: Actor) -> None:
        """That an API key was made or revoked."""
        grant = key.grant
        assert grant is not None  # every key has one
        self.tell(
            uow,
            name,
            Subject(SubjectKind.API_KEY, key.id),
            by=by,
            builder_id=BuilderId(str(grant.id)) if grant.role is Role.BUILDER else None,
            role=grant.role.value,
            scopes=sorted(grant.scopes),
        )

    def tell_of_sign(self, uow: UnitOfWork, name: str, account_id: ClientId, **detail: Any) -> None:
        """That somebody signed in or out; whatever roles it has, it does that as itself."""
        by = Actor.client(account_id)
        self.tell(uow, name, person(account_id), by=by, kind=TrailKind.EVENT, **detail)

    def tell(
        self,
        uow: UnitOfWork,
        name: str,
        subject: Subject,
        *,
        by: Actor,
        kind: TrailKind = TrailKind.CHANGE,
        builder_id: BuilderId | None = None,
        **detail: Any,
    ) -> None:
        """Writes into the open transaction what happened to a person or a key, without personal data."""
        entry = TrailEntry(
            at=self.clock.now(),
            subject=subject,
            kind=kind,
            name=name,
            by=by.name,
            builder_id=builder_id,
            detail=detail,
        )
        uow.trail.add([entry])


def person(account_id: ClientId) -> Subject:
    """Whom an entry of the trail is about."""
    return Subject(SubjectKind.CLIENT, account_id)
