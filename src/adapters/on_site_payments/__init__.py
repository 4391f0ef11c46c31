"""No payment provider at all: the client pays at the meeting (D6)."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.on_site_payments.gateway import OnSitePayments
from booking_core import Clock, UnitOfWorkFactory

__all__ = ["OnSitePayments", "build"]


def build(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> OnSitePayments:
    return OnSitePayments()
