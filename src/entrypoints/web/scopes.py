"""Which scope a machine's key needs, by the class of the route; the one place that says so (J2)."""

from __future__ import annotations

import re

from booking_core import Scope

#: Looking at who may do what, and who did, is operating too.
_OPERATIONS = re.compile(
    r"/api/(admin/(accounts|trail)|builders/<id>/api-keys|scheduling/bookings/<id>/(replay|timeline))"
    r"|/metrics"
)
_BOOKINGS = re.compile(r"/api/scheduling/(bookings|calendly/scheduling-link)|/bookings/")
_CATALOGUE = re.compile(
    r"/api/(admin/(builders|session-types)|builders/|scheduling/calendly/sync-event-types)"
)
_READING = ("GET", "HEAD", "OPTIONS")


def scope_of(method: str, rule: str) -> Scope:
    """By the rule that the route was found by; to write where no class is made for is operating."""
    if _OPERATIONS.match(rule):
        return Scope.OPERATIONS
    if method in _READING:
        return Scope.READ
    if _BOOKINGS.match(rule):
        return Scope.BOOKINGS
    return Scope.CATALOGUE if _CATALOGUE.match(rule) else Scope.OPERATIONS
