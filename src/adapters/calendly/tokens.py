"""Whose token a call carries: a personal one, or that of an OAuth app, which is renewed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Protocol, Self

import httpx
from attrs import define, field, frozen

from adapters.calendly.patience import at_most, worth_sending
from adapters.calendly.refusals import NoCredentials, NotRenewed, Unreadable
from booking_core import Clock, seconds_left

TOKEN_URL = "https://auth.calendly.com/oauth/token"
_EARLY = timedelta(minutes=2)
_TIMEOUT = httpx.Timeout(10)


def is_token(text: str) -> bool:
    """Whether it can stand in a header; what cannot would be shown by the error that says so."""
    return text.isascii() and text.isprintable() and " " not in text and text != ""


class Tokens(Protocol):
    """Where the token of a call comes from."""

    @property
    def advice(self) -> str:
        """What to do once Calendly refuses it."""
        return "look at CALENDLY_API_KEY"

    @abstractmethod
    def current(self) -> str:
        """The token to call with."""

    @abstractmethod
    def after_refusal(self, refused: str) -> str | None:
        """Another one once Calendly refused `refused`; None when there is no other."""


@frozen
class PersonalToken(Tokens):
    """It stands until its owner takes it back."""

    _value: str = field(repr=False)

    def current(self) -> str:
        return self._value

    def after_refusal(self, refused: str) -> str | None:
        return None


@frozen
class BoundToken(PersonalToken):
    """That of a builder's own account."""

    @property
    def advice(self) -> str:
        return "bind the builder's account again, with a token that stands"


@frozen
class LostToken(Tokens):
    """Of a builder's own account; what is stored of it cannot be read."""

    def current(self) -> str:
        raise NoCredentials(
            "the stored token of the builder's account cannot be decrypted; bind it again"
        )

    def after_refusal(self, refused: str) -> str | None:
        return None


@frozen
class Grant:
    """What somebody allowed an app: a token for two hours, and one that is good for one renewal."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def read(cls, answer: Any, now: datetime) -> Self:
        """From the answer of the token endpoint. Raises Unreadable."""
        try:
            life = timedelta(seconds=int(answer["expires_in"]))
            access, refresh = answer["access_token"], answer["refresh_token"]
            if is_token(access) and is_token(refresh):
                return cls(access, refresh, now + life)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            pass
        raise Unreadable("the answer of the token endpoint")


@frozen
class App:
    """The OAuth app, as it is registered at Calendly."""

    client_id: str
    client_secret: str = field(repr=False)
    token_url: str = TOKEN_URL


@define
class OAuthTokens(Tokens):
    """Renews the grant shortly before it ends.

    Each renewal kills the refresh token that it was made with. So it happens under `lock`, which
    all workers share; the grant is read again inside it, since another one may have renewed it, and
    `store` keeps the new grant before its token is used. What could not be kept is the only grant
    that is still good, so it stays here until it can be.
    """

    _app: App
    _clock: Clock
    _load: Callable[[], Grant] = field(repr=False)
    _store: Callable[[Grant], None] = field(repr=False)
    _lock: AbstractContextManager[Any] = field(factory=Lock, repr=False)
    _grant: Grant | None = field(default=None, init=False, repr=False)
    _unkept: Grant | None = field(default=None, init=False, repr=False)

    def current(self) -> str:
        grant = self._grant
        if grant is None or self._clock.now() + _EARLY >= grant.expires_at:
            grant = self._renewed(None)
        return grant.access_token

    def after_refusal(self, refused: str) -> str | None:
        renewed = self._renewed(refused).access_token
        return renewed if renewed != refused else None

    def _renewed(self, refused: str | None) -> Grant:
        with self._lock:
            grant = self._unkept or self._load()
            fresh = self._clock.now() + _EARLY < grant.expires_at
            if not fresh or grant.access_token == refused:
                grant = self._unkept = self._ask(grant.refresh_token)
            if self._unkept is not None:
                self._keep(self._unkept)
            self._grant = grant
            return grant

    def _keep(self, grant: Grant) -> None:
        try:
            self._store(grant)
        except Exception as failed:  # whatever it is kept in
            raise NotRenewed("the new grant could not be kept") from failed
        self._unkept = None

    def _ask(self, refresh_token: str) -> Grant:
        if not worth_sending(safe=False):  # a lost answer would cost the grant
            raise NotRenewed("no time left")
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        now = self._clock.now().astimezone(UTC)
        try:
            answer = httpx.post(
                self._app.token_url,
                data=form,
                auth=(self._app.client_id, self._app.client_secret),
                timeout=at_most(seconds_left(), _TIMEOUT),
            )
        except httpx.HTTPError as broken:
            raise NotRenewed(type(broken).__name__) from broken
        if answer.status_code in (400, 401):
            raise NoCredentials("the refresh token is not accepted any more")
        if not answer.is_success:
            raise NotRenewed(f"the token endpoint answered {answer.status_code}")
        try:
            body = answer.json()
        except ValueError as wrong:
            raise Unreadable("the answer of the token endpoint") from wrong
        return Grant.read(body, now)
