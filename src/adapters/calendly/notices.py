"""What Calendly posts to us: proved to be from it, or refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.calendly.uris import id_in, place_in
from booking_core import CalendarNotice, UntrustedNotice

#: The kinds of messages that say something about a booking.
KINDS = (
    "invitee.created",
    "invitee.canceled",
    "invitee_no_show.created",
    "invitee_no_show.deleted",
)
_HEADER = "calendly-webhook-signature"
_OLDEST = timedelta(minutes=3)
_LONGEST = 512 * 1024
_MOST_SIGNATURES = 10
_WHICH = re.compile("[!-~]{1,500}")


def read_notice(
    body: bytes, headers: Mapping[str, str], keys: Sequence[str], now: datetime
) -> CalendarNotice | None:
    """The notice, once signature, age and form prove it; None when it is of no concern.

    Raises:
        UntrustedNotice: for anything else whatsoever.
    """
    if len(body) > _LONGEST:
        raise UntrustedNotice("The notice is too large.")
    _check_signature(body, headers, keys, now)
    try:
        return _translated(json.loads(body))
    except UntrustedNotice:
        raise
    except Exception as hostile:
        raise UntrustedNotice("The notice has not the form of one of Calendly's.") from hostile


def _check_signature(
    body: bytes, headers: Mapping[str, str], keys: Sequence[str], now: datetime
) -> None:
    given = next((text for name, text in headers.items() if name.lower() == _HEADER), "")
    pairs = [part.strip().partition("=") for part in given.split(",")]
    times = [value.strip() for name, _, value in pairs if name.strip() == "t"]
    signatures = [value.strip().lower() for name, _, value in pairs if name.strip() == "v1"]
    # Exactly one time: with several, the one that was signed need not be the one that is looked at.
    if len(times) != 1 or not _is_number(times[0]) or len(signatures) > _MOST_SIGNATURES:
        raise UntrustedNotice("The notice has no signature that can be read.")
    expected = [_signature(body, times[0], key) for key in keys]
    matches = [
        hmac.compare_digest(one.encode(), other.encode(errors="replace"))
        for one in expected
        for other in signatures
    ]
    if not any(matches):
        raise UntrustedNotice("The signature of the notice is not right.")
    if abs(now.timestamp() - int(times[0])) > _OLDEST.total_seconds():
        raise UntrustedNotice("The notice is too old, or from the future.")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


def _signature(body: bytes, stamp: str, key: str) -> str:
    return hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def _translated(message: Any) -> CalendarNotice | None:
    kind = message["event"]
    if not isinstance(kind, str):
        raise UntrustedNotice("The notice does not say what happened.")
    if kind not in KINDS:
        return None
    invitee, event = message["payload"]["uri"], message["payload"]["event"]
    place = place_in(invitee)
    if place is None or id_in(event, "scheduled_events") != place[0]:
        raise UntrustedNotice("The notice does not name an event and a place in it.")
    return CalendarNotice(_message_id(kind, place, message), event, invitee)


def _message_id(kind: str, place: tuple[str, str], message: Any) -> str:
    """There is none by Calendly's. Being booked or cancelled happens once, a no-show again and again."""
    parts = [kind, *place]
    if kind.startswith("invitee_no_show"):
        no_show = message["payload"].get("no_show") or {}
        which = _WHICH.fullmatch(no_show.get("uri") or message["created_at"])
        if which is None:
            raise UntrustedNotice("The notice does not say which no-show it is about.")
        parts.append(which[0][-100:])
    return ":".join(parts)
