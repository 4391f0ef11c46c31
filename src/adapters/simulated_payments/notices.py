"""What the provider posts: the move that was made, and whose money it is about, signed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest, digest

from attrs import frozen

from booking_core import BookingId, PaymentNotice, UntrustedNotice

SIGNATURE = "Simulated-Signature"
_NO_NEWS = "decline"  # the checkout is as open as before


@frozen
class Posting:
    """One notice that nobody has taken yet."""

    id: str
    booking_id: BookingId
    move: str
    at: datetime

    def notice(self) -> PaymentNotice | None:
        return None if self.move == _NO_NEWS else PaymentNotice(self.id, self.booking_id)

    def signed(self, key: bytes) -> tuple[bytes, Mapping[str, str]]:
        """The body and its headers."""
        about = {"id": self.id, "booking_id": self.booking_id, "move": self.move}
        body = json.dumps(about | {"at": self.at.isoformat()}).encode()
        return body, {SIGNATURE: digest(key, body, "sha256").hex()}


def verified(body: bytes, headers: Mapping[str, str], key: bytes) -> Posting:
    """Raises UntrustedNotice unless this provider signed it."""
    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get(SIGNATURE.lower(), "").encode("utf-8", "replace")
    if not compare_digest(signature, digest(key, body, "sha256").hex().encode()):
        raise UntrustedNotice("The notice does not prove that the provider sent it.")
    about = json.loads(body)
    at = datetime.fromisoformat(about["at"])
    return Posting(about["id"], BookingId(about["booking_id"]), about["move"], at)
