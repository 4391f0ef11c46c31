"""How accounts are found, made and joined; the part that every way to sign in shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import evolve, frozen

from booking_core.domain.account import Account, SignIn
from booking_core.domain.contact import Contact
from booking_core.domain.errors import StaleBooking
from booking_core.domain.ids import ClientId
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
            booking.claim(account.id)
            uow.bookings.save(booking)
        return account

    def _merged(self, uow: UnitOfWork, account: Account, other: Account) -> Account:
        """The account with the roles and the bookings of another one, which is no more."""
        for booking in uow.bookings.find(BookingFilter(client_id=other.id, limit=MOST_BOOKINGS)):
            booking.claim(account.id)
            uow.bookings.save(booking)
        uow.accounts.remove(other.id)
        return evolve(
            account,
            builder_id=account.builder_id or other.builder_id,
            is_admin=account.is_admin or other.is_admin,
        )
