from __future__ import annotations

from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

from attrs import field, frozen

from adapters.calendly.tokens import is_token

BASE_URL = "https://api.calendly.com"
_SHORTEST = 12
_SHORTEST_SIGNING_KEY = 32


@frozen
class Account:
    """The settings of the account that we act for."""

    api_key: str = field(repr=False)
    base_url: str = BASE_URL
    username: str = ""
    signing_keys: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, settings: Mapping[str, str]) -> Self:
        """Raises ValueError, with the name of the setting."""
        key = settings.get("CALENDLY_API_KEY", "").strip()
        if not is_token(key) or len(key) < _SHORTEST:
            raise ValueError(
                f"CALENDLY_API_KEY: {_no_token(key)}; give a personal access token, as Calendly "
                "shows it once under Integrations, API and webhooks."
            )
        return cls(
            key,
            _base_url(settings.get("CALENDLY_API_BASE_URL") or BASE_URL),
            settings.get("CALENDLY_USERNAME", "").strip(),
            _signing_keys(settings.get("CALENDLY_WEBHOOK_SIGNING_KEY", "")),
        )


def _no_token(given: str) -> str:
    if not given:
        return "it is missing"
    return "it is too short to be a token" if is_token(given) else "no token has such characters"


def _signing_keys(given: str) -> tuple[str, ...]:
    keys = tuple(each.strip() for each in given.split(",") if each.strip())
    if any(len(each) < _SHORTEST_SIGNING_KEY for each in keys):
        raise ValueError("CALENDLY_WEBHOOK_SIGNING_KEY: give at least 32 random characters a key.")
    return keys


def _base_url(given: str) -> str:
    try:
        parts = urlsplit(given.strip())
        usable = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable or "@" in given or "?" in given or "#" in given:
        raise ValueError("CALENDLY_API_BASE_URL: give an address such as https://api.calendly.com.")
    return parts.geturl().rstrip("/")  # with its scheme in small letters
