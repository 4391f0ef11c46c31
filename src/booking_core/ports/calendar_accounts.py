from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from attrs import frozen

from booking_core.domain.calendar_binding import CalendarBinding
from booking_core.domain.ids import BuilderId
from booking_core.ports.calendar_notices import NoticeSubscriptions


@frozen
class CalendarAccount:
    """An account at the calendar provider: the provider's URI of it, and how its owner is called."""

    uri: str
    name: str


@runtime_checkable
class CalendarAccounts(Protocol):
    """A calendar provider at which builders may bring accounts of their own (E1).

    What concerns such a builder is asked with the token that is kept for it
    (`UnitOfWork.calendar_bindings`), all else with the service's own.
    """

    @abstractmethod
    def account_of(self, *, token: str) -> CalendarAccount:
        """Whose token that is.

        Raises:
            InvalidRequest: it opens nothing, so another one has to be given.
            ProviderFailed: the provider did not say.
        """

    @abstractmethod
    def notices(self) -> Mapping[BuilderId, NoticeSubscriptions]:
        """Of builders with an account of their own: what is posted about it, and to whom.

        Those are left out of whom the service's own subscription tells.
        """

    @abstractmethod
    def notices_of(self, builder_id: BuilderId) -> NoticeSubscriptions | None:
        """The same of that builder, whoever else tells; None without an account of its own.

        Nothing is asked for it, and it can still be used after the token was forgotten.
        """


class CalendarBindingRepository(Protocol):
    """The accounts that builders brought along. A token is only ever stored encrypted."""

    @abstractmethod
    def of_builder(self, builder_id: BuilderId) -> CalendarBinding | None:
        """The builder's own account."""

    @abstractmethod
    def all(self) -> Sequence[CalendarBinding]:
        """Every one, in the order of the builders' ids."""

    @abstractmethod
    def save(self, binding: CalendarBinding) -> None:
        """Adds or replaces the one of that builder."""

    @abstractmethod
    def remove(self, builder_id: BuilderId) -> None:
        """Forgets it; twice is harmless."""
