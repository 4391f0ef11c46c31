"""The environment, read once into a frozen value; what is wrong is named at the start (K1)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from socket import inet_aton
from typing import Any, Self
from urllib.parse import urlsplit

from attrs import Attribute, Factory, field, fields, frozen
from dotenv import dotenv_values

DEVELOPMENT_SECRET = "development-only-secret-do-not-use-in-production"
_DATABASE = "sqlite:///var/booking.db"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
EXPOSED = (
    "Set SECRET_KEY to 32 random characters or more: the published one lets anybody mint tokens."
)
PROXIES_UNSAID = (
    "Set TRUSTED_PROXIES to how many proxies of yours a request comes through, 0 where there is none: "
    "else everybody behind a proxy counts as one address."
)
#: Parts of secrets that stand in our documentation, or open what is for trying out.
PUBLISHED = (
    DEVELOPMENT_SECRET,
    "user:password@",
    "sk_test_",
    "rk_test_",
    "whsec_test_secret",
    "0123456789abcdef",
)
#: The variable by which prometheus-client, once imported, finds where processes count together.
COUNTED_IN = "PROMETHEUS_MULTIPROC_DIR"
#: To be reached under an address that stands for every one of a machine, take one of them.
_ONE_OF_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class SettingsError(Exception):
    """A setting cannot be used as it is; `name` is the variable, the message says what to do."""

    def __init__(self, name: str, advice: str) -> None:
        super().__init__(f"{name}: {advice}")
        self.name, self.advice = name, advice


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("give a whole number.")
    return int(text)


def _base_url(text: str) -> str:
    """Raises ValueError unless links can be made from it by adding a path."""
    plain = text.isprintable() and not any(each in text for each in "@?# ")
    if not (plain and text.startswith(("http://", "https://")) and _has_host(text)):
        raise ValueError("give an address such as https://book.example.org.")
    return text.rstrip("/")


def _redis_url(text: str) -> str:
    if not (text.startswith(("redis://", "rediss://")) and _has_host(text)):
        raise ValueError("give an address such as redis://127.0.0.1:6379/0.")
    if find_spec("redis") is None:
        raise ValueError("this needs the library redis: install booking-service[redis].")
    return text


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _setting(
    name: str,
    default: Any,
    meaning: str,
    *,
    secret: bool = False,
    read: Callable[[str], Any] = str,
) -> Any:
    """`read` makes the value of the variable's text; what it raises as ValueError is the advice."""
    metadata = {"name": name, "meaning": meaning, "secret": secret, "read": read}
    return field(default=default, repr=not secret, metadata=metadata)


def http_url(host: str, port: int) -> str:
    """Where a service that listens there is reached from this machine."""
    host = _ONE_OF_ALL.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _public_url(settings: Settings) -> str:
    return http_url(settings.host, settings.port)


@frozen(kw_only=True)
class Settings:
    """What the service runs with. Each attribute is one environment variable."""

    environment: str = _setting("BOOKING_ENV", "development", "development or production")
    database_url: str = _setting(
        "DATABASE_URL",
        _DATABASE,
        "sqlite:///PATH, postgresql://USER:PASSWORD@HOST/NAME or memory://",
        secret=True,
    )
    calendar: str = _setting(
        "BOOKING_CALENDAR", "local", "the calendar adapter, by name: local, calendly"
    )
    payments: str = _setting(
        "BOOKING_PAYMENTS", "simulated", "the payment adapter, by name: simulated, stripe, on_site"
    )
    mailer: str = _setting(
        "BOOKING_MAILER", "console", "the mail adapter, by name: console, smtp, memory"
    )
    secret_key: str = _setting(
        "SECRET_KEY", DEVELOPMENT_SECRET, "32 random characters or more; signs tokens", secret=True
    )
    host: str = _setting("HOST", "127.0.0.1", "the address to listen on")
    port: int = _setting("PORT", 8000, "the port to listen on", read=_number)
    public_url: str = _setting(
        "PUBLIC_URL",
        Factory(_public_url, takes_self=True),
        "where people reach the service; default http://HOST:PORT",
        read=_base_url,
    )
    log_level: str = _setting("LOG_LEVEL", "INFO", ", ".join(_LEVELS))
    log_format: str = _setting("LOG_FORMAT", "console", "console or json")
    rate_limits: str = _setting(
        "RATE_LIMITS", "on", "on; off, where it is not production, admits everything"
    )
    redis_url: str = _setting(
        "REDIS_URL",
        "",
        "where rate limits are counted for all processes: redis://HOST:6379/0; else each its own",
        secret=True,
        read=_redis_url,
    )
    trusted_proxies: int = _setting(
        "TRUSTED_PROXIES",
        0,
        "how many proxies of yours stand before the service; they say who calls",
        read=_number,
    )
    traces_to: str = _setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "where traces are sent, such as http://127.0.0.1:4318; needs the extra traces",
        read=_base_url,
    )
    # These are for the adapters, which check them when they are chosen.
    smtp_url: str = _setting(
        "SMTP_URL", "", "the mail server: smtp://USER:PASSWORD@HOST:587 or smtps://…", secret=True
    )
    mail_from: str = _setting("MAIL_FROM", "", "who mails come from: Booking <book@example.org>")
    stripe_secret_key: str = _setting(
        "STRIPE_SECRET_KEY", "", "the key of the Stripe account: sk_… or rk_…", secret=True
    )
    stripe_webhook_secret: str = _setting(
        "STRIPE_WEBHOOK_SECRET", "", "the secret of its webhook endpoint: whsec_…", secret=True
    )
    stripe_api_base: str = _setting(
        "STRIPE_API_BASE", "", "another address than Stripe's, for its stand-in"
    )
    calendly_api_key: str = _setting(
        "CALENDLY_API_KEY", "", "a personal access token of Calendly", secret=True
    )
    calendly_username: str = _setting(
        "CALENDLY_USERNAME", "", "whose token it is, for doctor to compare"
    )
    calendly_webhook_signing_key: str = _setting(
        "CALENDLY_WEBHOOK_SIGNING_KEY",
        "",
        "32 random characters of your own for its notices: NEW, or NEW,OLD",
        secret=True,
    )
    calendly_api_base_url: str = _setting(
        "CALENDLY_API_BASE_URL", "", "another address than Calendly's, for its simulator"
    )
    jwt_jwks_url: str = _setting(
        "JWT_JWKS_URL", "", "where an identity provider publishes its keys: https://…/jwks.json"
    )
    jwt_issuer: str = _setting("JWT_ISSUER", "", "what it calls itself: `iss` of its tokens")
    jwt_audience: str = _setting("JWT_AUDIENCE", "", "what it calls this service: `aud`")
    jwt_roles_claim: str = _setting(
        "JWT_ROLES_CLAIM", "", "the claim that says who is an admin or a builder; else we do"
    )
    #: Every variable there is, for adapters that read their own.
    variables: Mapping[str, str] = field(factory=dict, repr=False, metadata={"secret": True})

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """From the environment, with `.env` underneath.

        That file lies in `BOOKING_HOME`, the checkout that the command belongs to, else in the
        working directory; so does the SQLite file that it names, or that nobody names.

        Raises:
            SettingsError: a value cannot be used.
        """
        given = environ if environ is not None else os.environ
        home = Path(given.get("BOOKING_HOME", ""))
        from_file = dotenv_values(home / ".env") if environ is None else {}
        variables = {name: value for name, value in from_file.items() if value} | dict(given)
        if not given.get("DATABASE_URL"):
            variables["DATABASE_URL"] = _placed(variables.get("DATABASE_URL") or _DATABASE, home)
        values = {
            each.name: _parsed(each, variables[each.metadata["name"]])
            for each in settings_fields()
            if variables.get(each.metadata["name"], "") != ""
        }
        settings = cls(**values, variables=variables)
        settings._check()
        return settings

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def in_memory(self) -> bool:
        """Whether the store is this process's own, and gone with it."""
        return self.database_url.startswith("memory:")

    @property
    def exposed(self) -> bool:
        """Whether tokens are signed with the published secret where others can reach the service."""
        reached = (self.host, urlsplit(self.public_url).hostname or "")
        return self.secret_key == DEVELOPMENT_SECRET and not all(map(_loopback, reached))

    @property
    def proxies_unsaid(self) -> bool:
        """Whether it is production, where a proxy ends https, and nobody said how many there are."""
        return self.production and not self.variables.get("TRUSTED_PROXIES")

    @property
    def out_of_reach(self) -> bool:
        """Whether only this machine reaches the service, and Calendly is not a simulator on it."""
        ours, theirs = self.public_url, self.calendly_api_base_url
        here = _loopback(urlsplit(ours).hostname or "")
        return here and not _loopback(urlsplit(theirs).hostname or "")

    def _check(self) -> None:
        _one_of("BOOKING_ENV", self.environment, ("development", "production"))
        _one_of("LOG_LEVEL", self.log_level, _LEVELS)
        _one_of("RATE_LIMITS", self.rate_limits, ("on", "off"))
        _one_of("LOG_FORMAT", self.log_format, ("console", "json"))
        if self.port > 65535:
            raise SettingsError("PORT", "give a number from 0 to 65535.")
        if "://" not in self.database_url:
            raise SettingsError(
                "DATABASE_URL", "give sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME."
            )
        if len(self.secret_key) < 32:
            raise SettingsError("SECRET_KEY", "give at least 32 random characters.")
        self._check_identity_provider()
        if self.production:
            self._check_production()

    def _check_identity_provider(self) -> None:
        needed = {
            "JWT_JWKS_URL": self.jwt_jwks_url,
            "JWT_ISSUER": self.jwt_issuer,
            "JWT_AUDIENCE": self.jwt_audience,
        }
        if any(needed.values()) or self.jwt_roles_claim:
            for name, value in needed.items():
                if not value:
                    raise SettingsError(name, f"give all of {', '.join(needed)}, or none.")

    def _check_production(self) -> None:
        for each in settings_fields():
            value = getattr(self, each.name)
            if each.metadata["secret"] and any(part in value for part in PUBLISHED):
                advice = "production needs one of its own; this one is published, or for tests."
                raise SettingsError(each.metadata["name"], advice)
        if self.rate_limits == "off":
            raise SettingsError("RATE_LIMITS", "production needs them; leave it out or say on.")
        if not self.public_url.startswith("https://"):
            raise SettingsError("PUBLIC_URL", "production needs the https:// address of its links.")
        for name, url in self._providers().items():
            if url and not _elsewhere(url):
                advice = "production speaks with others over https://, and with no stand-in here."
                raise SettingsError(name, advice)

    def _providers(self) -> dict[str, str]:
        """Whom we send keys, or believe; by the variable that says where."""
        return {
            "STRIPE_API_BASE": self.stripe_api_base,
            "CALENDLY_API_BASE_URL": self.calendly_api_base_url,
            "JWT_JWKS_URL": self.jwt_jwks_url,
        }

    def for_adapters(self) -> Mapping[str, str]:
        """All variables, with what an adapter needs from the service filled in."""
        return {
            **self.variables,
            "BOOKING_ENV": self.environment,
            "PUBLIC_URL": self.public_url,
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": self.secret_key,
        }


def settings_fields() -> list[Attribute[Any]]:
    """The attributes that are settings; their metadata has `name`, `meaning` and `secret`."""
    return [each for each in fields(Settings) if "name" in each.metadata]


def _parsed(attribute: Attribute[Any], text: str) -> Any:
    try:
        return attribute.metadata["read"](text)
    except ValueError as wrong:
        raise SettingsError(attribute.metadata["name"], str(wrong)) from None


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _elsewhere(url: str) -> bool:
    """Whether it is the https address of a machine that is neither this one nor beside it."""
    plain = url.isprintable() and "@" not in url and url.lower().startswith("https://")
    return plain and _has_host(url) and not _here(urlsplit(url).hostname or "")


def _here(host: str) -> bool:
    """Whether it means this machine, in whatever way, or an address of its own link alone."""
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    found = _address(name)
    found = getattr(found, "ipv4_mapped", None) or found
    return found is not None and (found.is_loopback or found.is_unspecified or found.is_link_local)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """An address that is spelt out, or as resolvers read it too: 127.1, 0x7f.1 or 2130706433."""
    with suppress(ValueError):
        return ip_address(host)
    with suppress(OSError, ValueError):
        return ip_address(inet_aton(host))
    return None


def _placed(url: str, home: Path) -> str:
    """The address of a database; the path of a SQLite file begins at `home`."""
    scheme, slashes, path = url.partition(":///")
    return f"{scheme}{slashes}{home / path}" if scheme.startswith("sqlite") else url


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingsError(name, f"'{value}' is not one of {', '.join(choices)}.")
