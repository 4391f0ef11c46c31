"""Opaque identifiers. Nothing may be read from their text, and knowing one proves nothing."""

from __future__ import annotations

from typing import NewType

BuilderId = NewType("BuilderId", str)
SessionTypeId = NewType("SessionTypeId", str)
BookingId = NewType("BookingId", str)
ClientId = NewType("ClientId", str)
PathwayId = NewType("PathwayId", str)
CredentialId = NewType("CredentialId", str)

#: Random mark that we write into a provider's tracking fields to find our event again.
CalendarTag = NewType("CalendarTag", str)
