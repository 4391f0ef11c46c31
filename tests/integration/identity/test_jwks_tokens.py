"""The tokens of an identity provider are believed by its published keys, and by nothing else."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from adapters.jwks_tokens import JwksTokens, build
from adapters.memory import MemoryClock
from booking_core import InvalidCredentials, ProviderFailed, Role
from booking_core.testing.contracts import ProofReaderContract
from entrypoints.container import assemble
from entrypoints.settings import Settings, SettingsError
from tests.simulators.identity_provider import (
    AUDIENCE,
    ISSUER,
    MISSING,
    IdentityProvider,
    key,
    sign,
)

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


class TestJwksTokens(ProofReaderContract):
    """What every reader of proofs promises."""


@pytest.mark.parametrize("kid", ["rsa-1", "ec-1", "okp-1"])
def test_each_kind_of_key_signs(proofs: JwksTokens, issuer: IdentityProvider, kid: str) -> None:
    assert proofs.read(token=issuer.token(kid=kid)).subject == "ana-1"


def test_a_token_may_be_for_others_as_well(proofs: JwksTokens, issuer: IdentityProvider) -> None:
    assert proofs.read(token=issuer.token(aud=["others", AUDIENCE])).subject == "ana-1"


def test_access_tokens_name_their_type(proofs: JwksTokens, issuer: IdentityProvider) -> None:
    for typ in ("at+jwt", "application/at+jwt", "JWT", MISSING):
        assert proofs.read(token=issuer.token(header={"typ": typ})).subject == "ana-1"
    with pytest.raises(InvalidCredentials):
        proofs.read(token=issuer.token(header={"typ": "logout+jwt"}))


def test_clocks_may_differ_by_half_a_minute(
    proofs: JwksTokens, issuer: IdentityProvider, clock: MemoryClock
) -> None:
    now = int(clock.now().timestamp())
    for good in ({"exp": now - 29}, {"nbf": now + 29}, {"iat": now + 29}):
        assert proofs.read(token=issuer.token(**good)).subject == "ana-1"
    for bad in ({"exp": now - 31}, {"nbf": now + 32}, {"iat": now + 32}):
        with pytest.raises(InvalidCredentials):
            proofs.read(token=issuer.token(**bad))


def test_a_shared_secret_signs_nothing(proofs: JwksTokens, issuer: IdentityProvider) -> None:
    secret = key("ec-1").as_pem(private=False)
    for algorithm in ("HS256", "HS384", "none"):
        token = sign({"alg": algorithm, "kid": "ec-1"}, issuer.claims(), secret)
        with pytest.raises(InvalidCredentials):
            proofs.read(token=token)
    assert issuer.calls == 0


# ---- roles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "roles"),
    [
        (["admin", "builder", "cook", 7], {Role.ADMIN, Role.BUILDER}),
        ("admin", {Role.ADMIN}),
        (["system", "anonymous"], set()),
        ({"admin": True}, set()),
        (MISSING, set()),
    ],
    ids=["a list", "one", "none of ours", "no list", "missing"],
)
def test_an_issuer_that_is_trusted_with_roles_says_them(
    issuer: IdentityProvider, clock: MemoryClock, said: Any, roles: set[Role]
) -> None:
    claim = "https://example.org/roles"
    reader = build(settings=issuer.settings() | {"JWT_ROLES_CLAIM": claim}, clock=clock)
    assert reader.read(token=issuer.token(**{claim: said})).roles == roles


def test_without_such_a_claim_a_token_says_nothing_of_roles(
    proofs: JwksTokens, issuer: IdentityProvider
) -> None:
    assert proofs.read(token=issuer.token(roles=["admin"])).roles is None


# ---- keys ----------------------------------------------------------------------------------------


def test_keys_are_asked_for_once_and_again_after_ten_minutes(
    proofs: JwksTokens, issuer: IdentityProvider, clock: MemoryClock
) -> None:
    for kid in ("rsa-1", "ec-1", "okp-1", "ec-1"):
        proofs.read(token=issuer.token(kid=kid))
    assert issuer.calls == 1
    clock.advance(11 * MINUTE)
    proofs.read(token=issuer.token())
    assert issuer.calls == 2


def test_many_who_come_at_once_ask_once(proofs: JwksTokens, issuer: IdentityProvider) -> None:
    tokens = [issuer.token(subject=f"client-{number}") for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        found = pool.map(lambda token: proofs.read(token=token).subject, tokens)
        assert list(found) == [f"client-{number}" for number in range(16)]
    assert issuer.calls == 1


def test_a_new_key_is_found_when_it_is_first_used_and_an_old_one_ends(
    proofs: JwksTokens, issuer: IdentityProvider, clock: MemoryClock
) -> None:
    old = issuer.token(kid="ec-1")
    proofs.read(token=old)
    issuer.published = ["ec-2"]
    clock.advance(31 * SECOND)
    assert proofs.read(token=issuer.token(kid="ec-2")).subject == "ana-1"
    with pytest.raises(InvalidCredentials):
        proofs.read(token=old)


def test_made_up_keys_do_not_make_us_ask_again_and_again(
    proofs: JwksTokens, issuer: IdentityProvider, clock: MemoryClock
) -> None:
    def made_up(number: int) -> None:
        with pytest.raises(InvalidCredentials):
            proofs.read(token=issuer.token(header={"kid": f"made-up-{number}"}))

    for number in range(50):
        made_up(number)
    assert issuer.calls == 1
    clock.advance(31 * SECOND)
    for number in range(50):
        made_up(number)
    assert issuer.calls == 2
    assert proofs.read(token=issuer.token()).subject == "ana-1"


ODD_ANSWERS: list[dict[str, Any]] = [
    {"body": gzip.compress(IdentityProvider().jwks()), "headers": {"Content-Encoding": "gzip"}},
    {"status": "503 Down"},
    {"status": "302 Found", "headers": {"Location": "http://127.0.0.1:9/"}},
    {"body": b"<html>"},
    {"body": b"[]"},
    {"body": b'{"keys": {}}'},
    {"body": b'{"keys": []}'},
    {"body": b'{"keys": 7}'},
    {"body": b'{"keys": [' + b"[" * 100_000},
    {"body": b'{"keys": [], "more": "' + b"x" * 300_000 + b'"}'},
]


@pytest.mark.parametrize("odd", ODD_ANSWERS, ids=range(len(ODD_ANSWERS)))
def test_while_the_provider_is_down_its_last_keys_are_good_for_a_day(
    proofs: JwksTokens, issuer: IdentityProvider, clock: MemoryClock, odd: dict[str, Any]
) -> None:
    def token(**more: Any) -> str:
        return issuer.token(now=clock.now().timestamp(), **more)

    proofs.read(token=token())
    for name, value in odd.items():
        setattr(issuer, name, value)
    clock.advance(23 * 60 * MINUTE)
    assert proofs.read(token=token()).subject == "ana-1"
    with pytest.raises(ProviderFailed):  # it may be a new one
        proofs.read(token=token(kid="ec-2"))
    assert issuer.calls == 2
    clock.advance(2 * 60 * MINUTE)
    with pytest.raises(ProviderFailed) as failed:
        proofs.read(token=token())
    assert failed.value.retry_after is not None
    issuer.status, issuer.body, issuer.headers = "200 OK", None, {}
    clock.advance(31 * SECOND)
    assert proofs.read(token=token()).subject == "ana-1"


def test_without_any_key_nothing_can_be_said(clock: MemoryClock) -> None:
    with IdentityProvider() as gone:
        settings, token = gone.settings(), gone.token()
    reader = build(settings=settings, clock=clock)
    with pytest.raises(ProviderFailed):
        reader.read(token=token)


@pytest.mark.filterwarnings("ignore:Key size")
def test_keys_that_sign_nothing_for_us_are_passed_over(
    proofs: JwksTokens, issuer: IdentityProvider
) -> None:
    weak = RSAKey.generate_key(1024, {"kid": "rsa-weak"})
    sealing = ECKey.generate_key("P-256", {"kid": "ec-enc", "use": "enc"})
    other = ECKey.generate_key("P-256", {"kid": "ec-384", "alg": "ES384"})
    odd: list[Any] = [
        weak.as_dict(private=False),
        sealing.as_dict(private=False),
        other.as_dict(private=False),
        OctKey.generate_key(256, {"kid": "oct-1"}).as_dict(),
        {"kty": "PQ", "kid": "x"},
        {"kty": "OKP", "kid": "x", "crv": "Ed25519", "x": "AA"},
        {"kty": "RSA", "kid": "x", "n": "AA", "e": "AA"},
        {"kty": ["EC"], "kid": "x"},
        {"kty": "EC", "kid": "x", "crv": "P-256", "x": "?", "y": 1},
        key("ec-1").as_dict(private=False) | {"kid": 7},
        key("ec-1").as_dict(private=False, kid=None),
        "EC",
        None,
    ]
    issuer.body = issuer.jwks(*odd)
    assert proofs.read(token=issuer.token()).subject == "ana-1"
    for each, algorithm in ((weak, "RS256"), (sealing, "ES256"), (other, "ES256")):
        token = sign({"alg": algorithm, "kid": each.kid}, issuer.claims(), each)
        with pytest.raises(InvalidCredentials):
            proofs.read(token=token)


# ---- health --------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ODD_ANSWERS, ids=range(len(ODD_ANSWERS)))
def test_a_provider_whose_keys_cannot_be_had_is_not_well(
    proofs: JwksTokens, issuer: IdentityProvider, odd: dict[str, Any]
) -> None:
    for name, value in odd.items():
        setattr(issuer, name, value)
    health = proofs.health()
    assert not health.ok
    assert health.detail.startswith("its keys cannot be had")


@pytest.mark.parametrize(
    ("headers", "ok"),
    [
        ({"Date": "Mon, 02 Mar 2026 07:59:35 GMT"}, True),
        ({"Date": "Mon, 02 Mar 2026 07:59:25 GMT"}, False),
        ({"Date": "Mon, 02 Mar 2026 08:01:00 GMT"}, False),
        ({"Date": "Mon, 02 Mar 2026 07:00:00 GMT", "Age": "3600"}, True),
        ({"Date": "Mon, 02 Mar 2026 08:00:00 GMT", "Age": "old"}, True),
        ({"Date": "today"}, True),
    ],
    ids=["well", "slow", "fast", "from a cache", "odd age", "odd date"],
)
def test_clocks_that_are_too_far_apart_are_not_well(
    issuer: IdentityProvider, headers: dict[str, str], ok: bool
) -> None:
    issuer.headers = headers
    health = build(settings=issuer.settings(), clock=MemoryClock(NOW)).health()
    assert health.ok is ok
    assert ok or "clock" in health.detail


# ---- settings ------------------------------------------------------------------------------------

WHOLE = {
    "JWT_JWKS_URL": "https://id.example.org/jwks.json",
    "JWT_ISSUER": ISSUER,
    "JWT_AUDIENCE": AUDIENCE,
}


def refused(settings: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refusal:
        assemble(Settings.load({"DATABASE_URL": "memory://"} | settings))
    return refusal.value.name


def test_all_three_settings_are_given_or_none() -> None:
    for name in WHOLE:
        assert refused(WHOLE | {name: ""}) == name
    assert refused({"JWT_ROLES_CLAIM": "roles"}) == "JWT_JWKS_URL"
    assemble(Settings.load({"DATABASE_URL": "memory://"} | WHOLE))


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.org/jwks.json",
        "http://10.0.0.1/jwks.json",
        "http://127.0.0.1.example.org/",
        "ftp://127.0.0.1/",
        "https://user:pw@id.example.org/",
        "https://id.example.org/#keys",
        "https://",
        "file:///etc/passwd",
        "id.example.org",
        "https://[::1",
    ],
)
def test_who_publishes_keys_has_to_prove_who_it_is(url: str) -> None:
    assert refused(WHOLE | {"JWT_JWKS_URL": url}) == "JWT_JWKS_URL"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_this_machine_needs_no_certificate(host: str) -> None:
    settings = WHOLE | {"JWT_JWKS_URL": f"http://{host}/jwks.json"}
    assemble(Settings.load({"DATABASE_URL": "memory://"} | settings))
