"""Signed tokens and random ids keep the promises of their ports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen

from adapters.memory import MemoryClock
from adapters.tokens import SignedTokens
from booking_core import Actor, RandomIds
from booking_core.testing.contracts import IdentityContract, IdFactoryContract
from booking_core.testing.examples import NOW

HOUR = timedelta(hours=1)
SECRET, ANOTHER = b"s" * 32, b"a" * 32


@frozen
class Issuer:
    tokens: SignedTokens

    def token(self, actor: Actor, **more: Any) -> str:
        contact = actor.contact
        said = {}
        if contact is not None:
            said = {"name": contact.name, "email": contact.email, "timezone": contact.timezone}
        return self.tokens.mint(role=actor.role, id=str(actor.id), **said, **more)

    def expired(self, actor: Actor) -> str:
        return self.token(actor, lifetime=-HOUR)

    def forged(self, actor: Actor) -> str:
        return Issuer(SignedTokens(self.tokens.clock, ANOTHER)).token(actor)


class TestSignedTokens(IdentityContract):
    @pytest.fixture
    def identity(self) -> SignedTokens:
        return SignedTokens(MemoryClock(NOW), SECRET)

    @pytest.fixture
    def issuer(self, identity: SignedTokens) -> Issuer:
        return Issuer(identity)


class TestRandomIds(IdFactoryContract):
    @pytest.fixture
    def ids(self) -> RandomIds:
        return RandomIds()
