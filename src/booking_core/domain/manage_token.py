"""The token by which an anonymous client manages its booking.

It is an HMAC over the booking's id and token version, under a key derived from the service's
secret. Nothing secret is stored, a later mail can show the same token again, and raising the
booking's token version revokes every token given out so far.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode

from attrs import field, frozen

from booking_core.domain.ids import BookingId


@frozen
class ManageKey:
    """Makes and checks manage tokens; `secret` is the service's own (32 random bytes or more)."""

    secret: bytes = field(repr=False)

    def token(self, booking_id: BookingId, version: int) -> str:
        key = hmac.digest(self.secret, b"booking-core manage token v1", hashlib.sha256)
        mac = hmac.digest(key, f"{version}:{booking_id}".encode(), hashlib.sha256)
        return urlsafe_b64encode(mac).rstrip(b"=").decode()

    def opens(self, token: str | None, booking_id: BookingId, version: int) -> bool:
        """Whether `token` is the live one of that booking; compared in constant time."""
        if token is None:
            return False
        shown = token.encode(errors="replace")  # JSON can carry what UTF-8 cannot
        return hmac.compare_digest(self.token(booking_id, version).encode(), shown)
