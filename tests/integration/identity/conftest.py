from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapters.jwks_tokens import JwksTokens, build
from adapters.memory import MemoryClock
from tests.simulators.identity_provider import IdentityProvider


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(datetime.now(UTC))


@pytest.fixture
def proofs(issuer: IdentityProvider, clock: MemoryClock) -> JwksTokens:
    return build(settings=issuer.settings(), clock=clock)
