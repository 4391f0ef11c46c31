"""Who presents a bearer credential, whatever kind it is: the form of it says who judges it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

from attrs import frozen

from booking_core import Actor, BookingCore, Identity, ProofReader

_API_KEY = "bk_"
_BY_A_SECRET = "HS"  # how the names of the algorithms begin that sign by a shared secret


@frozen
class Bearers(Identity):
    """API keys, tokens that operators mint, and those of an identity provider where there is one."""

    core: BookingCore
    minted: Identity
    proofs: ProofReader | None = None

    def of_bearer(self, *, token: str) -> Actor:
        if token.startswith(_API_KEY):
            return self.core.actor_of_api_key(secret=token)
        # Ours are signed by a secret, a provider's by a key pair; no other is asked about either.
        if self.proofs is None or _algorithm(token).startswith(_BY_A_SECRET):
            return self.minted.of_bearer(token=token)
        return self.core.actor_of_proof(proof=self.proofs.read(token=token))


def _algorithm(token: str) -> str:
    """What the token says of its signature, unchecked."""
    try:
        first = token.partition(".")[0]
        return str(json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))["alg"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
