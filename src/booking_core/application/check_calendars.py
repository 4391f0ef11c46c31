from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.domain.builder import Builder
from booking_core.domain.calendar_binding import CalendarBinding
from booking_core.domain.errors import InvalidRequest, ProviderFailed
from booking_core.ports.calendar_accounts import CalendarAccounts
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_UNREADABLE = "its token cannot be decrypted, as after a change of SECRET_KEY; bind it again"


@frozen
class CheckedCalendar:
    """A builder's own calendar account; `problem` says why it cannot be used, if it cannot."""

    builder: Builder
    account: str
    problem: str = ""


@frozen
class CheckCalendars:
    """Whether the calendar accounts that builders brought along can still be used."""

    unit_of_work: UnitOfWorkFactory
    accounts: CalendarAccounts | None

    def __call__(self) -> Sequence[CheckedCalendar]:
        """Each of them, asked of the provider now."""
        with self.unit_of_work(write=False) as uow:
            bindings = [
                (uow.builders.get(each.builder_id), each) for each in uow.calendar_bindings.all()
            ]
        return [
            CheckedCalendar(builder, binding.account, self._problem(binding))
            for builder, binding in bindings
        ]

    def _problem(self, binding: CalendarBinding) -> str:
        if self.accounts is None:
            return "the calendar of this service has no accounts of builders; unbind it"
        if binding.token is None:
            return _UNREADABLE
        try:
            found = self.accounts.account_of(token=binding.token)
        except (InvalidRequest, ProviderFailed) as failed:
            return failed.message
        return "" if found.uri == binding.account else "its token opens another account now"
