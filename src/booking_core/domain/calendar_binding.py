"""The account at a calendar provider that a builder brings along, with its token."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from booking_core.domain.ids import BuilderId


@frozen(kw_only=True)
class CalendarBinding:
    """A builder's own account at the calendar provider, and the token that opens it.

    `account` is the provider's name for it, as in `Builder.calendar_account`. `token` is None where
    what is stored cannot be read any more: the account then has to be bound again.
    """

    builder_id: BuilderId
    account: str
    token: str | None = field(repr=False)
    bound_at: datetime
