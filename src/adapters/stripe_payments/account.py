from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from attrs import define, field

if TYPE_CHECKING:
    from stripe import StripeClient

_TIMEOUT = (3, 5)  # seconds to connect, and to answer; a client may be waiting
_SHORTEST = 12  # characters of a key, its prefix included
_RETRIES = 1  # of the transport, under the same key; jobs do the patient part


@define(slots=False)
class Account:
    """Whose Stripe account, and the client that speaks with it; nothing is imported before that."""

    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    api_base: str | None = None

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> Self:
        """Raises ValueError, with the name of the setting."""
        key = settings.get("STRIPE_SECRET_KEY", "")
        if not key.startswith(("sk_", "rk_")) or len(key) < _SHORTEST:
            raise ValueError("STRIPE_SECRET_KEY: give the account's key; rk_… is enough, see docs.")
        secret = settings.get("STRIPE_WEBHOOK_SECRET", "")
        if not secret.startswith("whsec_") or len(secret) < _SHORTEST:
            raise ValueError("STRIPE_WEBHOOK_SECRET: give the secret of the webhook endpoint.")
        return cls(key, secret, settings.get("STRIPE_API_BASE") or None)

    @property
    def live(self) -> bool:
        """Real money; a notice about test money is none of ours, and the other way round."""
        return "_live_" in self.secret_key

    @cached_property
    def client(self) -> StripeClient:
        import stripe

        # Otherwise it writes an id of its own into the home directory, and sends it.
        stripe.enable_telemetry = False
        options: dict[str, Any] = {}
        if self.api_base:
            options["base_addresses"] = {"api": self.api_base}
        return stripe.StripeClient(
            self.secret_key,
            max_network_retries=_RETRIES,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT),
            **options,
        )
