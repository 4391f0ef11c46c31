"""Plays an identity provider: publishes its keys on a port of this machine, and issues tokens."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterable, Mapping
from functools import cache
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

from attrs import define, field
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

Key = RSAKey | ECKey | OKPKey
ISSUER, AUDIENCE = "https://id.example.org/", "booking"
ALGORITHMS = {"rsa": "RS256", "ec": "ES256", "okp": "EdDSA"}


@cache
def key(kid: str) -> Key:
    """A pair of keys; the first word of `kid` says of which kind."""
    match kid.partition("-")[0]:
        case "rsa":
            return RSAKey.generate_key(2048, {"kid": kid})
        case "ec":
            return ECKey.generate_key("P-256", {"kid": kid})
    return OKPKey.generate_key("Ed25519", {"kid": kid})


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without a date, which is sent later unless the provider says one."""
        self.send_response_only(code, message)


@define
class IdentityProvider:
    """A context manager. `published` are the ids of its keys; `status` and `body` can be changed."""

    issuer: str = ISSUER
    published: list[str] = field(factory=lambda: ["rsa-1", "ec-1", "okp-1"])
    status: str = "200 OK"
    body: bytes | None = None
    headers: Mapping[str, str] = field(factory=dict)
    calls: int = 0
    _lock: Lock = field(factory=Lock)
    _server: BaseWSGIServer | None = None

    def __enter__(self) -> Self:
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def settings(self) -> dict[str, str]:
        """What the service needs to believe it."""
        return {"JWT_JWKS_URL": self.url, "JWT_ISSUER": ISSUER, "JWT_AUDIENCE": AUDIENCE}

    def _answer(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        with self._lock:
            self.calls += 1
        start_response(self.status, [("Content-Type", "application/json"), *self.headers.items()])
        return [self.jwks() if self.body is None else self.body]

    def jwks(self, *more: Mapping[str, Any]) -> bytes:
        listed = [key(kid).as_dict(private=False) for kid in self.published]
        return json.dumps({"keys": [*more, *listed]}).encode()

    # ---- tokens ------------------------------------------------------------------------------

    def claims(self, *, subject: str = "ana-1", now: float | None = None, **said: Any) -> Any:
        issued = int(time.time() if now is None else now)
        usual = {"iss": self.issuer, "aud": AUDIENCE, "iat": issued, "exp": issued + 3600}
        found = usual | {"sub": subject} | said
        return {name: value for name, value in found.items() if value is not MISSING}

    def token(self, *, kid: str = "ec-1", header: Any = None, **said: Any) -> str:
        names = {"alg": ALGORITHMS[kid.partition("-")[0]], "kid": kid} | (header or {})
        return sign(names, self.claims(**said), key(kid))

    def expired(self, *, subject: str = "ana-1") -> str:
        return self.token(subject=subject, now=time.time() - 7200)

    def forged(self, *, subject: str = "ana-1") -> str:
        header = {"alg": "ES256", "kid": "ec-1"}
        return sign(header, self.claims(subject=subject), key("ec-of-somebody-else"))


MISSING: Any = object()


def sign(header: Mapping[str, Any], claims: Any, by: Any) -> str:
    """As anybody could, whatever the library that checks it would refuse to write."""
    names = {"typ": "JWT", **header}
    found = json.dumps({name: value for name, value in names.items() if value is not MISSING})
    return sealed(found, json.dumps(claims), names["alg"], by)


def sealed(header: str, payload: str, algorithm: str, by: Any) -> str:
    signed = b".".join(urlsafe_b64encode(text.encode()) for text in (header, payload))
    if isinstance(by, bytes):  # a shared secret
        mac = hmac.digest(by, signed, "sha256")
    else:
        mac = JWSRegistry.algorithms[algorithm].sign(signed, by)
    return f"{signed.decode()}.{urlsafe_b64encode(mac).decode()}"
