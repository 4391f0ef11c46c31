from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from booking_core.domain.actor import Actor


class Identity(Protocol):
    """Tells who presents a credential. Nothing but the credential is believed."""

    @abstractmethod
    def of_bearer(self, *, token: str) -> Actor:
        """The signed-in actor whom a bearer token proves.

        Raises:
            InvalidCredentials: the token is malformed, forged, expired, or for somebody else.
        """
