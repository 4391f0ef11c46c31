"""OAuth: a code becomes a pair of tokens, and each refresh token is good for one refresh."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define, field, frozen

from tests.simulators.calendly.books import Books
from tests.simulators.calendly.clock import SimulatedClock
from tests.simulators.calendly.records import Token, User
from tests.simulators.calendly.shapes import JSON

LIFE = timedelta(hours=2)
CODE_LIFE = timedelta(minutes=10)


@define
class InvalidGrant(Exception):
    """A 400 in OAuth's shape, which is not the API's."""

    error: str
    description: str

    def json(self) -> JSON:
        return {"error": self.error, "error_description": self.description}


@frozen
class _Consent:
    user: User
    scopes: frozenset[str]


@define
class OAuth:
    """One app, registered with Calendly, and what people allowed it."""

    books: Books
    clock: SimulatedClock
    client_id: str = "booking-app"
    client_secret: str = "booking-app-secret"
    #: made by Calendly, signs every webhook of the app
    signing_key: str = "app-signing-key"
    _codes: dict[str, tuple[_Consent, str, datetime]] = field(factory=dict)
    _refresh_tokens: dict[str, _Consent] = field(factory=dict)

    def consent(self, user: User, scopes: str, redirect_uri: str) -> str:
        """The person says yes; the code that the browser carries back."""
        code = f"code-{self.books.new_id()}"
        consent = _Consent(user, frozenset(scopes.split()))
        self._codes[code] = (consent, redirect_uri, self.clock.now() + CODE_LIFE)
        return code

    def user_of(self, form: dict[str, str]) -> User | None:
        """Whom the limit of token requests counts for."""
        known = self._codes.get(form.get("code", ""))
        consent = known[0] if known else self._refresh_tokens.get(form.get("refresh_token", ""))
        return consent.user if consent else None

    def grant(self, form: dict[str, str]) -> JSON:
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self._pair(self._by_code(form))
        if kind == "refresh_token":
            consent = self._refresh_tokens.pop(form.get("refresh_token", ""), None)
            if consent is None:
                raise InvalidGrant("invalid_grant", "The refresh token is invalid or was used.")
            return self._pair(consent)
        raise InvalidGrant("unsupported_grant_type", "This grant type is not supported.")

    def _by_code(self, form: dict[str, str]) -> _Consent:
        known = self._codes.pop(form.get("code", ""), None)
        if known is None or known[1] != form.get("redirect_uri") or known[2] < self.clock.now():
            raise InvalidGrant("invalid_grant", "The authorization code is invalid or expired.")
        return known[0]

    def _pair(self, consent: _Consent) -> JSON:
        now, user = self.clock.now(), consent.user
        access, refresh = (f"{kind}-{self.books.new_id()}" for kind in ("access", "refresh"))
        token = Token(access, user, consent.scopes, now + LIFE, self.signing_key)
        self.books.tokens[access] = token
        self._refresh_tokens[refresh] = consent
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": int(LIFE.total_seconds()),
            "created_at": int(now.timestamp()),
            "scope": " ".join(sorted(consent.scopes)),
            "owner": user.uri,
            "organization": user.organization.uri,
        }
