"""Secrets of others that we have to show again: encrypted where they are stored."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_PURPOSE = b"booking-service calendar tokens v1"


class Seal:
    """Encrypts and authenticates with a key of its own, made of the service's secret."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """None where it was sealed with another key, or is damaged."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    @cached_property
    def _fernet(self) -> Fernet:
        # Only now: most commands need none of it, and to load it takes a while.
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
        return Fernet(urlsafe_b64encode(derived.derive(self._secret_key.encode())))
