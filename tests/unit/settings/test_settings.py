"""The environment is read once; what cannot be used is named, with what to do about it."""

import re
from pathlib import Path

import pytest

from entrypoints import settings
from entrypoints.settings import PUBLISHED, Settings, SettingsError, settings_fields

DOCUMENT = Path(__file__).parents[3] / "docs/settings.md"
PRODUCTION = {
    "BOOKING_ENV": "production",
    "SECRET_KEY": "k" * 32,
    "PUBLIC_URL": "https://book.example.org",
}


def refused(environ: dict[str, str]) -> SettingsError:
    with pytest.raises(SettingsError) as refusal:
        Settings.load(environ)
    return refusal.value


def test_without_anything_set_it_is_a_service_on_this_machine() -> None:
    settings = Settings.load({})
    assert (settings.port, settings.public_url) == (8000, "http://127.0.0.1:8000")
    assert not settings.production


def test_rate_limits_can_be_off_where_it_is_not_production() -> None:
    assert Settings.load({}).rate_limits == "on"
    assert Settings.load({"RATE_LIMITS": "off"}).rate_limits == "off"
    assert Settings.load(PRODUCTION).rate_limits == "on"
    assert refused(PRODUCTION | {"RATE_LIMITS": "off"}).name == "RATE_LIMITS"
    assert refused({"RATE_LIMITS": "sometimes"}).name == "RATE_LIMITS"


def test_proxies_are_a_number_and_redis_is_an_address() -> None:
    assert Settings.load({"TRUSTED_PROXIES": "2"}).trusted_proxies == 2
    assert Settings.load({"REDIS_URL": "redis://:pw@127.0.0.1:6379/0"}).redis_url
    assert refused({"TRUSTED_PROXIES": "all"}).name == "TRUSTED_PROXIES"
    for text in ("127.0.0.1:6379", "http://127.0.0.1", "redis://"):
        assert refused({"REDIS_URL": text}).name == "REDIS_URL"


def test_in_production_it_should_be_said_how_many_proxies_there_are() -> None:
    assert not Settings.load({}).proxies_unsaid
    for said, unsaid in ((None, True), ("", True), ("0", False), ("1", False)):
        given = {} if said is None else {"TRUSTED_PROXIES": said}
        assert Settings.load(PRODUCTION | given).proxies_unsaid is unsaid


def test_redis_without_its_library_is_refused_and_what_to_install_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda _: None)
    refusal = refused({"REDIS_URL": "redis://127.0.0.1"})
    assert (refusal.name, "booking-service[redis]" in refusal.advice) == ("REDIS_URL", True)


def test_numbers_are_read_as_numbers_whatever_they_are() -> None:
    assert Settings.load({"PORT": "9"}).port == 9
    for text in ("eighty", "-1", "65536", "1.5"):
        assert refused({"PORT": text}).name == "PORT"


@pytest.mark.parametrize(
    ("host", "public_url"),
    [
        ("192.0.2.7", "http://192.0.2.7:8391"),
        ("book.internal", "http://book.internal:8391"),
        ("0.0.0.0", "http://127.0.0.1:8391"),
        ("::", "http://[::1]:8391"),
        ("::1", "http://[::1]:8391"),
        ("2001:db8::7", "http://[2001:db8::7]:8391"),
    ],
)
def test_the_public_url_that_is_left_out_can_be_opened(host: str, public_url: str) -> None:
    assert Settings.load({"HOST": host, "PORT": "8391"}).public_url == public_url


@pytest.mark.parametrize(
    "url",
    [
        "book.example.org",
        "https://",
        "http://[::1",
        "http://book.example.org:x",
        "https://book example.org",
        "https://user:pw@book.example.org",
        "https://book.example.org/?from=mail",
        "https://book.example.org/#here",
    ],
)
def test_a_public_url_that_nobody_could_open_is_refused(url: str) -> None:
    assert refused({"PUBLIC_URL": url}).name == "PUBLIC_URL"


def test_a_public_url_may_have_a_port_and_a_path() -> None:
    url = Settings.load({"PUBLIC_URL": "https://example.org:8443/book/"}).public_url
    assert url == "https://example.org:8443/book"


def test_production_that_says_what_it_needs_is_accepted() -> None:
    assert Settings.load(PRODUCTION).production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", ""),
        ("PUBLIC_URL", "http://book.example.org"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
    ],
)
def test_production_refuses_what_is_for_trying_out(name: str, value: str) -> None:
    assert refused(PRODUCTION | {name: value}).name == name


SECRETS = [each.metadata["name"] for each in settings_fields() if each.metadata["secret"]]


@pytest.mark.parametrize("name", SECRETS)
def test_production_refuses_whatever_secret_is_published(name: str) -> None:
    for part in PUBLISHED:
        value = part if name == "SECRET_KEY" else f"postgresql://{part}book.example.org/x"
        assert refused(PRODUCTION | {name: value.ljust(32)}).name == name
        assert part not in str(refused(PRODUCTION | {name: value.ljust(32)}))


def test_what_is_published_is_whatever_stands_in_the_documentation() -> None:
    said = re.compile(rf"({'|'.join(SECRETS)})=([!-_a-~]+)")
    pages = [DOCUMENT.parents[1] / "README.md", *DOCUMENT.parent.rglob("*.md")]
    found = [each for page in pages for each in said.findall(page.read_text("utf-8"))]
    found = [each for each in found if not each[1].startswith(("sqlite:", "$("))]
    assert {name for name, _ in found} >= {"STRIPE_SECRET_KEY", "DATABASE_URL", "SMTP_URL"}
    for name, value in found:
        if value not in ("rk_live_", "whsec_", "eyJ", "new,old"):  # of which the rest is left out
            assert refused(PRODUCTION | {name: value}).name == name, value


def test_a_secret_is_whatever_sounds_like_one() -> None:
    """A setting that is none has a name that says so, or it is shown in logs and by `settings`."""
    words = re.compile("SECRET|KEY|TOKEN|PASSWORD|CREDENTIAL|DATABASE_URL|SMTP_URL|REDIS_URL")
    names = [each.metadata["name"] for each in settings_fields()]
    assert [name for name in names if words.search(name)] == SECRETS


PROVIDERS = ("STRIPE_API_BASE", "CALENDLY_API_BASE_URL", "JWT_JWKS_URL")
IDENTITY = {"JWT_ISSUER": "https://id.example.org", "JWT_AUDIENCE": "booking"}
INSECURE = (
    "http://provider.example.org", "HTTP://provider.example.org", "provider.example.org",
    "//provider.example.org", "https:provider.example.org", "https://", "ftp://provider.example.org",
    "file:///etc/passwd", "http://127.0.0.1:8900", "https://127.0.0.1:8900", "https://localhost",
    "https://[::1]:8900", "https://[::1", "https://provider.example.org:port",
    "https://somebody@provider.example.org", "https://provider.example.org/\n",
    "https://0.0.0.0", "https://[::]", "https://127.1", "https://2130706433", "https://0x7f.1",
    "https://0177.0.0.1", "https://[::ffff:127.0.0.1]", "https://[::ffff:0:0]", "https://localhost.",
    "https://LOCALHOST", "https://id.localhost", "https://id.localhost.:8900", "https://127.0.0.1.",
    "https://169.254.169.254", "https://[fe80::1]", "https://[::ffff:169.254.169.254]",
)  # fmt: skip


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("url", INSECURE, ids=range(len(INSECURE)))
def test_production_speaks_with_no_stand_in_and_with_nobody_in_the_clear(
    name: str, url: str
) -> None:
    assert refused(PRODUCTION | IDENTITY | {"JWT_JWKS_URL": ABROAD} | {name: url}).name == name


ABROAD = "https://provider.example.org/v1"
OTHERS = (
    ABROAD, "https://notlocalhost/", "https://localhost.example.org", "https://192.0.2.7",
    "https://[2001:db8::1]", "https://127.example.org", "https://id", "https://id.example.org.",
)  # fmt: skip


@pytest.mark.parametrize("name", PROVIDERS)
def test_production_may_name_another_address_of_a_provider(name: str) -> None:
    for url in OTHERS:
        assert Settings.load(PRODUCTION | IDENTITY | {"JWT_JWKS_URL": ABROAD} | {name: url})


@pytest.mark.parametrize(
    ("environ", "exposed"),
    [
        ({}, False),
        ({"HOST": "localhost"}, False),
        ({"HOST": "127.8.0.1"}, False),
        ({"HOST": "::1"}, False),
        ({"HOST": "0.0.0.0"}, True),
        ({"HOST": "::"}, True),
        ({"HOST": "192.0.2.7"}, True),
        ({"HOST": "book.internal"}, True),
        ({"PUBLIC_URL": "https://book.example.org"}, True),
        ({"HOST": "0.0.0.0", "SECRET_KEY": "k" * 32}, False),
    ],
)
def test_the_published_secret_is_for_this_machine_alone(
    environ: dict[str, str], exposed: bool
) -> None:
    assert Settings.load(environ).exposed is exposed


def test_no_secret_is_in_what_is_printed_of_the_settings() -> None:
    settings = Settings.load({"SECRET_KEY": "s3cret-" * 8, "DATABASE_URL": "sqlite:///s3cret"})
    assert "s3cret" not in repr(settings)


def test_every_setting_is_in_the_documentation() -> None:
    rows = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| `")]
    documented = [row.split("`")[1] for row in rows]
    assert documented == [each.metadata["name"] for each in settings_fields()]


def test_every_variable_that_an_adapter_reads_is_a_setting() -> None:
    asked = re.compile(r"settings(?:\.get\(|\[)\"([A-Z_]+)\"")
    adapters = DOCUMENT.parents[1] / "src/adapters"
    read = {name for each in adapters.rglob("*.py") for name in asked.findall(each.read_text())}
    assert "CALENDLY_API_KEY" in read
    assert read - {"BOOKING_HOME"} <= {each.metadata["name"] for each in settings_fields()}
