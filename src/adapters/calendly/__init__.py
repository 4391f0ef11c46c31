"""Calendly (E1 to E5). The facts that it relies on are in docs/calendly.md."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.calendly.account import Account
from adapters.calendly.api import CalendlyApi
from adapters.calendly.calendar import CalendlyCalendar
from adapters.calendly.calendars import CalendlyCalendars
from adapters.calendly.tokens import App, Grant, OAuthTokens, PersonalToken, Tokens
from adapters.calendly.transport import Transport
from booking_core import Clock, UnitOfWorkFactory

__all__ = [
    "Account",
    "App",
    "CalendlyApi",
    "CalendlyCalendar",
    "CalendlyCalendars",
    "Grant",
    "OAuthTokens",
    "PersonalToken",
    "Tokens",
    "Transport",
    "build",
]


def build(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> CalendlyCalendars:
    """Raises ValueError when a setting is missing."""
    account = Account.read(settings)
    api = CalendlyApi(Transport(account.base_url, PersonalToken(account.api_key)))
    return CalendlyCalendars(api, account, unit_of_work, clock)
