from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from attrs import define, field
from joserfc.errors import InvalidKeyIdError

from adapters.jwks_tokens.download import Key, KeysUnavailable
from booking_core import Clock, ProviderFailed

_FRESH = timedelta(minutes=10)
_STALE = timedelta(days=1)
_PAUSE = timedelta(seconds=30)
_log = logging.getLogger("booking.identity")


@define
class KeyRing:
    """The provider's keys. They are asked for again once they are old, or one is unknown.

    Whatever is asked of us, the provider is asked once in so many seconds at most. While it does not
    answer, the keys that it told last are good for a day.
    """

    _fetch: Callable[[], Mapping[str, Key]]
    _clock: Clock
    _keys: Mapping[str, Key] = field(factory=dict, init=False)
    _asked_at: datetime | None = field(default=None, init=False)
    #: When it last answered; the same moment as above, unless the last time it did not.
    _told_at: datetime | None = field(default=None, init=False)
    _asking: Lock = field(factory=Lock, init=False)

    def key(self, kid: str) -> Key:
        """Raises InvalidKeyIdError; ProviderFailed when that cannot be known."""
        known = kid in self._keys
        if not known or self._older_than(_FRESH):
            self._ask(wait=not known)
        if self._older_than(_STALE):
            raise _unavailable()
        found = self._keys.get(kid)
        if found is not None:
            return found
        if self._told_at != self._asked_at:
            raise _unavailable()
        raise InvalidKeyIdError

    def _older_than(self, age: timedelta) -> bool:
        return self._told_at is None or self._clock.now() - self._told_at > age

    def _ask(self, *, wait: bool) -> None:
        """One caller at a time; others wait for its answer only where they cannot do without."""
        if not self._asking.acquire(blocking=wait):
            return
        try:
            now = self._clock.now()
            if self._asked_at is None or now - self._asked_at >= _PAUSE:
                self._asked_at = now
                self._keys = self._fetch()
                self._told_at = now
        except KeysUnavailable as failed:
            _log.warning("the identity provider's keys cannot be had: %s", failed)
        finally:
            self._asking.release()


def _unavailable() -> ProviderFailed:
    return ProviderFailed("The identity provider's keys cannot be had.", retry_after=_PAUSE)
