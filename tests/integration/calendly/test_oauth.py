"""Tokens of an OAuth app: renewed once, kept before they are used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Lock

import httpx
import pytest
from attrs import define, evolve, field, frozen

from adapters.calendly import App, CalendlyApi, Grant, OAuthTokens, PersonalToken, Transport
from adapters.calendly.refusals import (
    CalendlyError,
    NoCredentials,
    Unreadable,
    told_as_failures,
)
from booking_core import ProviderFailed, begin_waiting, waiting_at_most
from tests.integration.calendly.conftest import ItsClock
from tests.simulators.calendly import CalendlyServer, Fault, Simulator, User


@define
class Keeper:
    """Where all workers keep the grant."""

    grant: Grant
    stored: list[Grant] = field(factory=list)
    lock: Lock = field(factory=Lock)

    def load(self) -> Grant:
        return self.grant

    def store(self, grant: Grant) -> None:
        self.grant = grant
        self.stored.append(grant)


@pytest.fixture
def app(calendly: CalendlyServer, sim: Simulator) -> App:
    return App(sim.oauth.client_id, sim.oauth.client_secret, f"{calendly.url}/oauth/token")


@pytest.fixture
def keeper(sim: Simulator, host: User, app: App) -> Keeper:
    code = sim.oauth.consent(host, "users:read", "https://booking.test/back")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "https://booking.test/back",
    }
    answer = httpx.post(app.token_url, data=form, auth=(app.client_id, app.client_secret))
    return Keeper(Grant.read(answer.json(), sim.clock.now()))


def a_worker(sim: Simulator, app: App, keeper: Keeper) -> OAuthTokens:
    return OAuthTokens(app, ItsClock(sim), keeper.load, keeper.store, keeper.lock)


@pytest.fixture
def api(
    calendly: CalendlyServer, sim: Simulator, app: App, keeper: Keeper
) -> Iterator[CalendlyApi]:
    transport = Transport(calendly.url, a_worker(sim, app, keeper), sleep=lambda _: None)
    yield CalendlyApi(transport)
    transport.close()


def test_a_token_is_renewed_shortly_before_it_ends(
    api: CalendlyApi, sim: Simulator, keeper: Keeper, host: User
) -> None:
    assert api.me().uri == host.uri
    assert keeper.stored == []
    sim.clock.advance(timedelta(hours=1, minutes=59))
    first = keeper.grant.refresh_token
    assert api.me().uri == host.uri
    assert len(keeper.stored) == 1
    assert keeper.grant.refresh_token != first
    assert {call.status for call in sim.calls_to("GET", "/users/me")} == {200}


def test_a_token_that_is_refused_early_is_renewed_once_and_the_call_made_again(
    api: CalendlyApi, sim: Simulator, keeper: Keeper, host: User
) -> None:
    sim.revoke(keeper.grant.access_token)
    assert api.me().uri == host.uri
    assert [call.status for call in sim.calls_to("GET", "/users/me")] == [401, 200]


def test_workers_renew_it_once_between_them(
    calendly: CalendlyServer, sim: Simulator, app: App, keeper: Keeper
) -> None:
    sim.clock.advance(timedelta(hours=3))
    workers = [a_worker(sim, app, keeper) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        tokens = set(threads.map(lambda worker: worker.current(), workers))
    assert len(tokens) == len(keeper.stored) == 1


def test_the_new_grant_is_kept_before_its_token_is_used(
    sim: Simulator, app: App, keeper: Keeper
) -> None:
    sim.clock.advance(timedelta(hours=3))
    full = True

    def store(grant: Grant) -> None:
        if full:
            raise OSError("the disk is full")
        keeper.store(grant)

    worker = OAuthTokens(app, ItsClock(sim), keeper.load, store, keeper.lock)
    with pytest.raises(ProviderFailed) as failed, told_as_failures():
        worker.current()
    assert failed.value.retryable
    assert not keeper.lock.locked()
    full = False
    assert worker.current() == keeper.grant.access_token, "the only grant that is good was kept"
    assert len(keeper.stored) == 1


@pytest.mark.parametrize("token", [None, "", 7, "line\nbreak", "snow ☃"])
def test_a_grant_that_cannot_be_sent_is_not_read(sim: Simulator, token: object) -> None:
    answer = {"access_token": token, "refresh_token": "good", "expires_in": 7200}
    with pytest.raises(CalendlyError):
        Grant.read(answer, sim.clock.now())


def test_a_refresh_token_that_was_used_before_means_a_new_consent(
    sim: Simulator, app: App, keeper: Keeper
) -> None:
    used = evolve(keeper.grant)
    sim.clock.advance(timedelta(hours=3))
    a_worker(sim, app, keeper).current()
    keeper.grant = used
    with pytest.raises(ProviderFailed) as failed, told_as_failures():
        a_worker(sim, app, keeper).current()
    assert not failed.value.retryable
    assert isinstance(failed.value.__cause__, NoCredentials)


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR_500, Fault.EMPTY_AFTER])
def test_a_renewal_that_fails_is_an_error_without_secrets(
    sim: Simulator, app: App, keeper: Keeper, fault: Fault
) -> None:
    sim.clock.advance(timedelta(hours=3))
    sim.faults.order("POST /oauth/token", fault)
    with pytest.raises(CalendlyError) as failed:
        a_worker(sim, app, keeper).current()
    assert isinstance(failed.value, Unreadable) or not failed.value.outcome_unknown
    shown = f"{failed.value!r} {app!r} {keeper.grant!r} {a_worker(sim, app, keeper)!r}"
    for secret in (app.client_secret, keeper.grant.refresh_token, keeper.grant.access_token):
        assert secret not in shown


# ---- while somebody waits ------------------------------------------------------------------------


def test_no_renewal_is_begun_in_the_last_moment(sim: Simulator, app: App, keeper: Keeper) -> None:
    sim.clock.advance(timedelta(hours=3))
    before = len(sim.calls_to("POST", "/oauth/token"))
    with waiting_at_most(1.5), pytest.raises(CalendlyError) as failed:
        a_worker(sim, app, keeper).current()
    assert not failed.value.outcome_unknown
    assert len(sim.calls_to("POST", "/oauth/token")) == before
    assert a_worker(sim, app, keeper).current(), "the refresh token is good still"


def test_a_renewal_takes_no_longer_than_is_waited_for(
    sim: Simulator, app: App, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim.clock.advance(timedelta(hours=3))
    asked: list[httpx.Timeout] = []

    def hangs(*_: object, timeout: httpx.Timeout | float, **__: object) -> None:
        asked.append(httpx.Timeout(timeout))
        raise httpx.ReadTimeout("too long")

    monkeypatch.setattr(httpx, "post", hangs)
    for patience in (5, 60):
        with waiting_at_most(patience), pytest.raises(CalendlyError):
            a_worker(sim, app, keeper).current()
    short, usual = asked
    assert all(limit <= 5 for limit in short.as_dict().values())
    assert usual == httpx.Timeout(10)


@frozen
class SlowTokens(PersonalToken):
    """Getting one takes all the time that there is, but for a second."""

    def current(self) -> str:
        begin_waiting(1)
        return super().current()


def test_what_writes_is_not_begun_once_getting_a_token_took_the_time(
    calendly: CalendlyServer, sim: Simulator, token: str
) -> None:
    transport = Transport(calendly.url, SlowTokens(token))
    with waiting_at_most(10), pytest.raises(CalendlyError) as failed:
        transport.call("POST", "/invitees", body={})
    transport.close()
    assert not failed.value.outcome_unknown
    assert sim.calls_to("POST", "/invitees") == []
