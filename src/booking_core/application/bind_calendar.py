from __future__ import annotations

from attrs import evolve, frozen

from booking_core.application.changes import of_calendar
from booking_core.domain.actor import Actor
from booking_core.domain.calendar_binding import CalendarBinding
from booking_core.domain.checks import invalid
from booking_core.domain.errors import Refused
from booking_core.domain.ids import BuilderId
from booking_core.domain.policies import check_may_bind
from booking_core.ports.calendar_accounts import CalendarAccount, CalendarAccounts
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_LONGEST = 2_000


@frozen
class BindCalendar:
    """A builder brings its own account at the calendar provider along, with a token of it (E1)."""

    unit_of_work: UnitOfWorkFactory
    accounts: CalendarAccounts | None
    clock: Clock

    def __call__(self, *, builder_id: BuilderId, token: str, actor: Actor) -> CalendarAccount:
        """The account that the token opens, which is the builder's from now on.

        Doing it again replaces the token, or the account.

        Raises:
            NotFound: no such builder, or not this caller's.
            NotAllowed: for those who come with a key.
            Refused: this calendar has no accounts of builders.
            InvalidRequest: the provider does not take the token.
            ProviderFailed: the provider did not say whose it is.
        """
        check_may_bind(actor, builder_id)
        with self.unit_of_work(write=False) as uow:
            uow.builders.get(builder_id)
        found = self._account_of(token)
        with self.unit_of_work() as uow:
            builder = evolve(uow.builders.get_to_change(builder_id), calendar_account=found.uri)
            now = self.clock.now()
            binding = CalendarBinding(
                builder_id=builder_id, account=found.uri, token=token, bound_at=now
            )
            uow.builders.save(builder)
            uow.calendar_bindings.save(binding)
            uow.trail.add([of_calendar("calendar bound", builder, found.uri, actor=actor, now=now)])
            uow.commit()
        return found

    def _account_of(self, token: str) -> CalendarAccount:
        if self.accounts is None:
            raise Refused("The calendar of this service has no accounts that builders could bind.")
        if not 1 <= len(token) <= _LONGEST:
            raise invalid("/token", f"Give a token of 1 to {_LONGEST} characters.")
        return self.accounts.account_of(token=token)
