"""Whose events a builder's are: those of the token's owner, or of another one in the organization."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from adapters.calendly.api import CalendlyApi
from adapters.calendly.records import ScheduledEvent, User
from adapters.calendly.uris import id_in
from booking_core import Booking, Builder, NotFound, ProviderFailed, UnitOfWorkFactory


class Accounts:
    """An account is named by the URI of a user.

    `bound`: our token is that of a builder's own account, which stands for all that it reaches.
    """

    def __init__(
        self, api: CalendlyApi, unit_of_work: UnitOfWorkFactory, *, bound: bool = False
    ) -> None:
        self._api, self._unit_of_work, self.bound = api, unit_of_work, bound
        self._me: User | None = None
        self._lock = Lock()

    def me(self) -> User:
        """The owner of the token; asked for once."""
        with self._lock:
            if self._me is None:
                self._me = self._api.me()
            return self._me

    def of_builder(self, builder: Builder) -> str:
        return self._named(builder.calendar_account or "", "The calendar account of the builder")

    def _named(self, account: str, what: str) -> str:
        return self.me().uri if self.bound or not account else _checked(account, what)

    def of_booking(self, booking: Booking) -> str:
        """The one that holds its event; before there is one, the one that it was begun for."""
        if booking.event is not None:
            return _checked(booking.event.account, "What holds the event of this booking")
        begun_for = account_begun_for(booking)
        if begun_for is not None:
            return self._named(begun_for, "The calendar account of the booking")
        try:
            with self._unit_of_work(write=False) as uow:
                return self.of_builder(uow.builders.get(booking.builder_id))
        except NotFound:
            return self.me().uri

    def holder(self, event: ScheduledEvent, account: str) -> str:
        """Who is asked for the event later: `account` where it is a host; of a team that of a builder's
        own token, because nobody else's reaches it."""
        held = self.bound or account in event.hosts or not event.hosts
        return account if held else event.hosts[0]

    def whose(self, account: str) -> Mapping[str, str]:
        """How a list is asked for: about others only within the organization."""
        me = self.me()
        if account == me.uri:
            return {"user": account}
        return {"user": account, "organization": me.organization}

    def all_of_us(self) -> Mapping[str, str]:
        return {"organization": self.me().organization}


def account_begun_for(booking: Booking) -> str | None:
    """Empty for the service's own; None where that was not kept yet."""
    return booking.calendar_ref.account if booking.calendar_ref else None


def _checked(account: str, what: str) -> str:
    if id_in(account, "users") is None:
        message = f"{what} is no Calendly user; give the user's URI, or leave it empty for our own."
        raise ProviderFailed(message, retryable=False)
    return account
