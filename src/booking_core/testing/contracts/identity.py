"""What telling who asks promises."""

from __future__ import annotations

from typing import Protocol

import pytest

from booking_core.domain.actor import Actor
from booking_core.domain.errors import InvalidCredentials
from booking_core.ports.identity import Identity
from booking_core.testing.examples import a_contact

_ANA = Actor.client("ana", a_contact())
_SIGNED_IN = (_ANA, Actor.client("ben"), Actor.builder("bld_1"), Actor.admin("root"))
GARBAGE = ("", " ", "x", "a.b.c", "..", "\x00", "\N{SNOWMAN}", "\ud800", "x" * 100_000)


class TokenIssuer(Protocol):
    """Plays whoever gives tokens to people."""

    def token(self, actor: Actor) -> str:
        """A token that proves to be that actor."""

    def expired(self, actor: Actor) -> str:
        """One that did so until an hour ago."""

    def forged(self, actor: Actor) -> str:
        """The same said by somebody who may not."""


class IdentityContract:
    """Needs `identity`, and `issuer` to play the one whose tokens it believes."""

    @pytest.mark.parametrize("actor", _SIGNED_IN, ids=lambda actor: f"{actor.role} {actor.id}")
    def test_a_token_proves_who_its_bearer_is(
        self, identity: Identity, issuer: TokenIssuer, actor: Actor
    ) -> None:
        found = identity.of_bearer(token=issuer.token(actor))
        assert (found.role, found.id) == (actor.role, actor.id)
        assert found.manage_token is None

    def test_what_a_token_says_of_a_client_is_how_to_reach_it(
        self, identity: Identity, issuer: TokenIssuer
    ) -> None:
        found = identity.of_bearer(token=issuer.token(_ANA)).contact
        assert found is not None
        assert found.same_address(a_contact().email)
        assert (found.name, found.timezone) == (a_contact().name, a_contact().timezone)

    @pytest.mark.parametrize("actor", _SIGNED_IN, ids=lambda actor: f"{actor.role} {actor.id}")
    def test_an_expired_and_a_forged_token_prove_nothing(
        self, identity: Identity, issuer: TokenIssuer, actor: Actor
    ) -> None:
        for token in (issuer.expired(actor), issuer.forged(actor)):
            with pytest.raises(InvalidCredentials):
                identity.of_bearer(token=token)

    def test_a_token_that_was_changed_anywhere_proves_nothing(
        self, identity: Identity, issuer: TokenIssuer
    ) -> None:
        token = issuer.token(_ANA)
        # Not the last character: in some encodings a few of its bits mean nothing.
        for place in range(0, len(token) - 1, 7):
            other = "A" if token[place] != "A" else "B"
            with pytest.raises(InvalidCredentials):
                identity.of_bearer(token=token[:place] + other + token[place + 1 :])
        for part in (token[: len(token) // 2], token[1:], token * 2):
            with pytest.raises(InvalidCredentials):
                identity.of_bearer(token=part)

    @pytest.mark.parametrize("token", GARBAGE, ids=lambda token: ascii(token[:8]))
    def test_what_is_no_token_at_all_proves_nothing(self, identity: Identity, token: str) -> None:
        with pytest.raises(InvalidCredentials):
            identity.of_bearer(token=token)
