"""What checking the tokens of an identity provider promises."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from booking_core.domain.errors import InvalidCredentials
from booking_core.ports.proofs import Proof, ProofReader
from booking_core.testing.contracts.identity import GARBAGE


class ProofIssuer(Protocol):
    """Plays the identity provider, which issues tokens to people; `said` are its claims of them."""

    issuer: str

    def token(self, *, subject: str, **said: Any) -> str:
        """A token with claims by their names in OpenID Connect: email, email_verified, name …"""

    def expired(self, *, subject: str) -> str:
        """One that was good until an hour ago."""

    def forged(self, *, subject: str) -> str:
        """The same said by somebody who may not."""


class ProofReaderContract:
    """Needs `proofs`, and `issuer` to play the one whose tokens it believes."""

    def test_a_token_proves_who_signed_in(self, proofs: ProofReader, issuer: ProofIssuer) -> None:
        proof = proofs.read(token=issuer.token(subject="ana-1"))
        assert proof == Proof(issuer=issuer.issuer, subject="ana-1")

    def test_a_token_says_how_to_reach_somebody(
        self, proofs: ProofReader, issuer: ProofIssuer
    ) -> None:
        said = {"email": "ana@example.org", "name": "Ana Ng", "zoneinfo": "Europe/Berlin"}
        contact = proofs.read(token=issuer.token(subject="ana-1", locale="de-AT", **said)).contact
        assert contact is not None
        assert (contact.email, contact.name) == ("ana@example.org", "Ana Ng")
        assert (contact.timezone, contact.language) == ("Europe/Berlin", "de")

    @pytest.mark.parametrize("said", [False, None, "true", "false", 1, [True]])
    def test_an_address_is_verified_only_where_the_issuer_says_so(
        self, proofs: ProofReader, issuer: ProofIssuer, said: object
    ) -> None:
        claims = {"subject": "ana-1", "email": "ana@example.org"}
        unproved = proofs.read(token=issuer.token(**claims, email_verified=said))
        assert unproved.email == "ana@example.org"
        assert unproved.proves is None
        proved = proofs.read(token=issuer.token(**claims, email_verified=True)).proves
        assert proved is not None
        assert proved.email == "ana@example.org"

    def test_an_expired_and_a_forged_token_prove_nothing(
        self, proofs: ProofReader, issuer: ProofIssuer
    ) -> None:
        for token in (issuer.expired(subject="ana-1"), issuer.forged(subject="ana-1")):
            with pytest.raises(InvalidCredentials):
                proofs.read(token=token)

    def test_a_refusal_tells_nothing_of_the_token(
        self, proofs: ProofReader, issuer: ProofIssuer
    ) -> None:
        token = issuer.expired(subject="ana-1")
        with pytest.raises(InvalidCredentials) as refusal:
            proofs.read(token=token)
        told = f"{refusal.value!r} {refusal.value.__cause__!r}"
        assert "ana-1" not in told
        assert all(part not in told for part in token.split("."))

    def test_a_provider_that_tells_its_keys_is_well(
        self, proofs: ProofReader, issuer: ProofIssuer
    ) -> None:
        health = proofs.health()
        assert health.ok
        assert issuer.issuer in health.detail

    @pytest.mark.parametrize("token", GARBAGE, ids=lambda token: ascii(token[:8]))
    def test_what_is_no_token_at_all_proves_nothing(self, proofs: ProofReader, token: str) -> None:
        with pytest.raises(InvalidCredentials):
            proofs.read(token=token)
