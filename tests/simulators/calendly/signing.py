"""Calendly-Webhook-Signature: HMAC-SHA256 over the second, a full stop and the raw body."""

from __future__ import annotations

import hashlib
import hmac

HEADER = "Calendly-Webhook-Signature"


def signature(body: bytes, key: str, at: int) -> str:
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
