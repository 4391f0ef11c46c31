"""Who signs in by an identity provider is the same person at every call, and joins what it proves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from entrypoints.container import assemble
from entrypoints.settings import Settings
from tests.integration.web.conftest import BOOKINGS, Caller
from tests.simulators.identity_provider import IdentityProvider

ME = "/api/me"
BO = {"subject": "bo-1", "email": "bo@example.org", "email_verified": True}
Service = Callable[..., Caller]


@pytest.fixture
def service(issuer: IdentityProvider) -> Iterator[Service]:
    """Starts a service that believes the provider; further settings by name."""
    with ExitStack() as until_the_end:
        until_the_end.enter_context(capture_logs())

        def start(**settings: str) -> Caller:
            given = {"DATABASE_URL": "memory://", **issuer.settings(), **settings}
            application = assemble(Settings.load(given))
            until_the_end.callback(application.close)
            application.seed()
            return Caller(application.web_app().test_client())

        yield start


def test_the_first_token_makes_the_client_and_the_next_finds_it(
    service: Service, issuer: IdentityProvider
) -> None:
    anyone = service()
    first = anyone.as_(f"Bearer {issuer.token(subject='ana-1')}").json("GET", ME)
    again = anyone.as_(f"Bearer {issuer.token(subject='ana-1', kid='rsa-1')}").json("GET", ME)
    other = anyone.as_(f"Bearer {issuer.token(subject='ana-2')}").json("GET", ME)
    assert first == again
    assert first["role"] == "client"
    assert other["id"] != first["id"]


def test_what_was_booked_without_signing_in_is_the_clients_once_it_does(
    service: Service, issuer: IdentityProvider
) -> None:
    anyone = service()
    booking = anyone.book()
    said = anyone.as_(f"Bearer {issuer.token(**BO | {'email_verified': False, 'subject': 'x'})}")
    assert said.json("GET", BOOKINGS)["bookings"] == []
    bo = anyone.as_(f"Bearer {issuer.token(**BO)}")
    assert [each["id"] for each in bo.json("GET", BOOKINGS)["bookings"]] == [booking["id"]]


def test_roles_are_ours_to_say(service: Service, issuer: IdentityProvider) -> None:
    anyone = service()
    robin = {"email": "robin@example.org", "roles": ["admin"]}
    said = anyone.as_(f"Bearer {issuer.token(subject='r-1', **robin)}").json("GET", ME)
    assert said["role"] == "client"
    proved = issuer.token(subject="r-2", email_verified=True, **robin)
    told = anyone.as_(f"Bearer {proved}").json("GET", ME)
    assert (told["role"], told["id"]) == ("builder", "demo")


def test_an_issuer_that_is_trusted_with_roles_says_them_instead(
    service: Service, issuer: IdentityProvider
) -> None:
    anyone = service(JWT_ROLES_CLAIM="roles")

    def role(**said: object) -> str:
        claims = {"subject": "r-1", "email": "robin@example.org", "email_verified": True}
        told = anyone.as_(f"Bearer {issuer.token(**claims | said)}").json("GET", ME)
        return str(told["role"])

    assert role(roles=["admin"]) == "admin"
    assert role(roles=["builder"]) == "builder"
    assert role(roles=[]) == "client"
    assert role() == "client"
    assert role(subject="x", email="x@example.org", roles=["builder"]) == "client"


def test_while_nothing_can_be_said_of_a_token_others_are_served(
    service: Service, issuer: IdentityProvider
) -> None:
    anyone = service()
    issuer.status = "503 Down"
    caller = anyone.as_(f"Bearer {issuer.token()}")
    answer = caller("GET", ME)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert caller.refused(503, "provider_failed", "GET", ME)["detail"].startswith(
        "We cannot do this"
    )
    assert anyone.book()["state"] == "CONFIRMED"
    assert issuer.calls == 1


def test_how_the_provider_answers_is_in_the_metrics(
    service: Service, issuer: IdentityProvider
) -> None:
    anyone = service()
    anyone.as_(f"Bearer {issuer.token()}").json("GET", ME)
    anyone.as_(f"Bearer {issuer.expired()}").refused(401, "invalid_credentials", "GET", ME)
    told = anyone("GET", "/metrics").text
    for outcome in ("ok", "refused"):
        line = f'booking_provider_calls_total{{method="read",outcome="{outcome}",port="identity"}}'
        assert f"{line} 1.0" in told
