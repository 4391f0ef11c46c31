"""No forged bearer credential is believed: each is answered 401, and none is repeated in the answer."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from joserfc.jwk import ECKey
from structlog.testing import capture_logs

from booking_core import Actor, Role
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.integration.web.conftest import Caller
from tests.simulators.identity_provider import (
    AUDIENCE,
    ISSUER,
    MISSING,
    IdentityProvider,
    key,
    sealed,
    sign,
)

ME = "/api/me"
HEADER = {"alg": "ES256", "kid": "ec-1", "typ": "JWT"}
OURS = {"iss": "booking-core", "aud": "booking-api", "role": "admin", "sub": "root"}
NOW = int(time.time())


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def service(provider: IdentityProvider) -> Iterator[Application]:
    service = assemble(Settings.load({"DATABASE_URL": "memory://", **provider.settings()}))
    service.seed()
    with capture_logs():
        yield service
    service.close()


@pytest.fixture(scope="module")
def anyone(service: Application) -> Caller:
    return Caller(service.web_app().test_client())


def part(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def claims(**said: Any) -> dict[str, Any]:
    usual = {"iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 3600, "sub": "mallory"}
    return {name: value for name, value in (usual | said).items() if value is not MISSING}


def good(header: Mapping[str, Any] | None = None, by: str = "ec-1", **said: Any) -> str:
    """Rightly signed, whatever it says."""
    return sign(HEADER | dict(header or {}), claims(**said), key(by))


def unsigned(algorithm: str, signature: str = "") -> str:
    return f"{part({'alg': algorithm, 'kid': 'ec-1'})}.{part(claims())}.{signature}"


def by_the_public_key(form: str) -> str:
    """Signed by a shared secret that everybody knows."""
    public = key("rsa-1")
    texts = {
        "PEM": public.as_pem(private=False),
        "DER": public.as_der(private=False),
        "JWK": json.dumps(public.as_dict(private=False)).encode(),
    }
    return sign({"alg": "HS256", "kid": "rsa-1"}, claims(), texts[form])


def as_ours(by: str, algorithm: str) -> str:
    """What an operator's token says, signed by another key."""
    return sign({"alg": algorithm, "kid": by}, OURS | {"iat": NOW, "exp": NOW + 60}, key(by))


def with_own_key(name: str) -> str:
    """Brings the key by which it is signed, or says where it is."""
    mine = ECKey.generate_key("P-256", {"kid": "ec-1"})
    values: dict[str, Any] = {
        "jwk": mine.as_dict(private=False),
        "jku": "https://mallory.example.org/jwks.json",
        "x5u": "https://mallory.example.org/cert.pem",
        "x5c": ["MIIB"],
    }
    return sign(HEADER | {name: values[name]}, claims(), mine)


def changed(place: int) -> str:
    parts = good().split(".")
    first = "A" if parts[place][5] != "A" else "B"
    parts[place] = f"{parts[place][:5]}{first}{parts[place][6:]}"
    return ".".join(parts)


def other_claims() -> str:
    header, _, signature = good().split(".")
    return f"{header}.{part(claims(sub='root'))}.{signature}"


def nested() -> str:
    return sealed(json.dumps(HEADER | {"cty": "JWT"}), json.dumps(good()), "ES256", key("ec-1"))


def deep() -> str:
    return sealed(json.dumps(HEADER), "[" * 8_000, "ES256", key("ec-1"))


FORGERIES: dict[str, Callable[[], str]] = {
    # the algorithm
    "none": lambda: unsigned("none"),
    "None": lambda: unsigned("None"),
    "nOnE with a signature": lambda: unsigned("nOnE", "AAAA"),
    "no algorithm": lambda: f"{part({'kid': 'ec-1'})}.{part(claims())}.AAAA",
    "an algorithm that is a list": lambda: f"{part({'alg': ['ES256']})}.{part(claims())}.AAAA",
    "an unknown algorithm": lambda: unsigned("XX256", "AAAA"),
    "an empty signature": lambda: unsigned("ES256"),
    "HS256 by the public key as PEM": lambda: by_the_public_key("PEM"),
    "HS256 by the public key as DER": lambda: by_the_public_key("DER"),
    "HS256 by the public key as JWK": lambda: by_the_public_key("JWK"),
    "HS256 by an empty secret": lambda: sign({"alg": "HS256", "kid": "ec-1"}, claims(), b""),
    "RS256 by a key for ES256": lambda: good({"kid": "ec-1", "alg": "RS256"}, by="rsa-1"),
    "ES256 that names a key for RS256": lambda: good({"kid": "rsa-1"}),
    # the key
    "a key that nobody knows": lambda: good({"kid": "ec-9"}, by="ec-9"),
    "the name of a key of theirs": lambda: good(by="ec-of-mallory"),
    "no name of a key": lambda: good({"kid": MISSING}),
    "a number as the key's name": lambda: good({"kid": 1}),
    "a list as the key's name": lambda: good({"kid": ["ec-1"]}),
    "null as the key's name": lambda: good({"kid": None}),
    "a path as the key's name": lambda: good({"kid": "../../dev/null"}),
    "its own key": lambda: with_own_key("jwk"),
    "its own key's address": lambda: with_own_key("jku"),
    "its own certificate's address": lambda: with_own_key("x5u"),
    "its own certificate": lambda: with_own_key("x5c"),
    # the rest of the header, all rightly signed
    "an own key beside the right one": lambda: good({"jku": "https://id.example.org/"}),
    "an extension that is critical": lambda: good({"crit": ["exp"], "exp": NOW}),
    "an unknown critical extension": lambda: good({"crit": ["x"], "x": 1}),
    "no critical extension": lambda: good({"crit": []}),
    "critical extensions as a number": lambda: good({"crit": 7}),
    "an unencoded payload": lambda: good({"b64": False, "crit": ["b64"]}),
    "compressed": lambda: good({"zip": "DEF"}),
    "another type": lambda: good({"typ": "logout+jwt"}),
    "a type that is no text": lambda: good({"typ": 7}),
    "a nested token": nested,
    # what it says, rightly signed
    "another issuer": lambda: good(iss="https://id.example.org"),
    "no issuer": lambda: good(iss=MISSING),
    "two issuers": lambda: good(iss=[ISSUER]),
    "another audience": lambda: good(aud="others"),
    "audiences of others": lambda: good(aud=["others", f"{AUDIENCE}2"]),
    "no audience": lambda: good(aud=MISSING),
    "an empty audience": lambda: good(aud=[]),
    "an audience in an object": lambda: good(aud={AUDIENCE: True}),
    "expired": lambda: good(exp=NOW - 60),
    "no end": lambda: good(exp=MISSING),
    "an end that is text": lambda: good(exp=str(NOW + 60)),
    "an end that is true": lambda: good(exp=True),
    "an infinite end": lambda: good(exp=float("inf")),
    "an end that is no number": lambda: good(exp=float("nan")),
    "null as its end": lambda: good(exp=None),
    "not good yet": lambda: good(nbf=NOW + 600),
    "issued in the future": lambda: good(iat=NOW + 600),
    "nobody": lambda: good(sub=MISSING),
    "an empty subject": lambda: good(sub=""),
    "a subject that is a number": lambda: good(sub=7),
    "a subject that is a list": lambda: good(sub=["root"]),
    "null as the subject": lambda: good(sub=None),
    "a subject with NUL": lambda: good(sub="ana\x00"),
    "a subject that is half a character": lambda: good(sub="\ud800"),
    "a subject with a line break": lambda: good(sub="ana\nroot"),
    "a subject without end": lambda: good(sub="x" * 256),
    "claims that are a list": lambda: sealed(json.dumps(HEADER), "[]", "ES256", key("ec-1")),
    "claims that are no JSON": lambda: sealed(json.dumps(HEADER), "{", "ES256", key("ec-1")),
    "claims without end": deep,
    "oversized": lambda: good(more="x" * 20_000),
    # the signature
    "a changed header": lambda: changed(0),
    "changed claims": lambda: changed(1),
    "a changed signature": lambda: changed(2),
    "somebody else's claims": other_claims,
    "a piece": lambda: good()[:-20],
    "twice": lambda: good() * 2,
    "two parts": lambda: good().rpartition(".")[0],
    "four parts": lambda: f"{good()}.AAAA",
    "five parts, as if it were encrypted": lambda: f"{good()}.AAAA.AAAA",
    # ours
    "ours by their key": lambda: as_ours("ec-1", "ES256"),
    "ours by their other key": lambda: as_ours("rsa-1", "RS256"),
    "theirs by our form": lambda: sign({"alg": "HS256"}, claims(role="admin"), b"x" * 32),
    # no token at all
    "nothing": lambda: "",
    "a word": lambda: "admin",
    "dots": lambda: "..",
    "a header that is a list": lambda: f"{part(['alg'])}.{part(claims())}.AAAA",
    "a header that is text": lambda: f"{part(json.dumps('alg'))}.{part(claims())}.AAAA",
    "a header without end": lambda: f"{part('[' * 9_000)}.{part(claims())}.AAAA",
    "garbage": lambda: "x" * 50_000,
    "an API key that nobody has": lambda: "bk_" + "x" * 43,
    "the beginning of an API key": lambda: "bk_",
    "an API key without end": lambda: "bk_" + "x" * 50_000,
}


def test_what_is_forged_here_would_be_believed_otherwise(anyone: Caller) -> None:
    """The claims and the header that every forgery starts from are good ones."""
    told = anyone.as_(f"Bearer {good()}").json("GET", ME)
    assert told["role"] == "client"
    assert anyone.as_(f"Bearer {good(exp=int(time.time()) + 5)}").json("GET", ME) == told


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_credential_is_refused(anyone: Caller, service: Application, name: str) -> None:
    forged = FORGERIES[name]()
    with capture_logs() as logs:
        answer = anyone("GET", ME, headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == "invalid_credentials"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    told = f"{answer.text} {logs}"
    assert all(piece not in told for piece in forged.split(".") if len(piece) > 8)


def test_a_token_of_ours_under_another_secret_is_refused(anyone: Caller) -> None:
    other = assemble(Settings.load({"DATABASE_URL": "memory://", "SECRET_KEY": "o" * 32}))
    token = other.mint(role=Role.ADMIN, id="root")
    anyone.as_(f"Bearer {token}").refused(401, "invalid_credentials", "GET", ME)


def test_a_key_that_is_revoked_is_refused_from_the_next_call_on(
    anyone: Caller, service: Application
) -> None:
    root = Actor.admin("root")
    key = service.core.add_api_key(name="machine", scopes=["read"], actor=root)
    machine = anyone.as_(f"Bearer {key.secret}")
    assert machine.json("GET", ME)["role"] == "admin"
    service.core.revoke_api_key(key_id=key.credential.id, actor=root)
    machine.refused(401, "invalid_credentials", "GET", ME)


def test_other_schemes_are_refused(anyone: Caller) -> None:
    for header in (f"Basic {part('root:root')}", good(), "Bearer", f"Digest {good()}", ""):
        anyone.refused(401, "invalid_credentials", "GET", ME, headers={"Authorization": header})
