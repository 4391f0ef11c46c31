"""What a form carries that is sent without a cookie: a signed key, good once and for one page (ADR 21)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from attrs import frozen
from itsdangerous import BadSignature, URLSafeTimedSerializer

_GOOD_FOR = timedelta(hours=2)


@frozen
class FormPass:
    """Writes and reads the key; that it is used once is for the inbox to see."""

    signer: URLSafeTimedSerializer

    @classmethod
    def of(cls, secret_key: str) -> FormPass:
        key = hmac.digest(secret_key.encode(), b"booking-core embedded forms v1", hashlib.sha256)
        return cls(URLSafeTimedSerializer(key))

    def new(self, session_type: str) -> str:
        """For a form that books that session type."""
        return self.signer.dumps([session_type, secrets.token_urlsafe(16)])

    def number(self, text: str, session_type: str) -> str | None:
        """What tells it from all others; None where it is old, of another page or none of ours."""
        try:
            of, number = self.signer.loads(text, max_age=int(_GOOD_FOR.total_seconds()))
        except BadSignature:
            return None
        return str(number) if of == session_type else None
