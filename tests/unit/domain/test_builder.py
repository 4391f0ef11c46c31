from datetime import timedelta
from typing import Any

import pytest

from booking_core import Builder, InvalidRequest
from booking_core.testing.examples import a_builder, a_schedule


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "Ada\nByron"}, "/name"),
        ({"name": "Ada\x1b[2J"}, "/name"),
        ({"headline": "a\x07"}, "/headline"),
        ({"slug": "Ada Byron"}, "/slug"),
        ({"email": "ada"}, "/email"),
        ({"photo_url": "javascript:alert(1)"}, "/photoUrl"),
        ({"photo_url": "//evil.example/x.png"}, "/photoUrl"),
        ({"photo_url": "/\\evil.example/x.png"}, "/photoUrl"),
        ({"photo_url": "/\t/evil.example/x.png"}, "/photoUrl"),
        ({"photo_url": "http://example.org/x.png"}, "/photoUrl"),
        ({"photo_url": "https:///x.png"}, "/photoUrl"),
        ({"photo_url": "https://x.org; script-src */x.png"}, "/photoUrl"),
        ({"photo_url": "https://x.org;script-src/x.png"}, "/photoUrl"),
        ({"photo_url": "/me/export"}, "/photoUrl"),  # each visitor's browser would ask for it
        ({"photo_url": "/?lang=de&x=.png"}, "/photoUrl"),
        ({"photo_url": "/me/export#.png"}, "/photoUrl"),
        ({"photo_url": "/.png"}, "/photoUrl"),
        ({"photo_url": 5}, "/photoUrl"),
        ({"embed_sites": ("example.org",)}, "/embedSites"),
        ({"embed_sites": ("https://x.org; script-src *",)}, "/embedSites"),
        ({"embed_sites": ("https://x.org;script-src",)}, "/embedSites"),
        ({"embed_sites": ("https://x.org,https://y.org",)}, "/embedSites"),
        ({"embed_sites": ("https://*",)}, "/embedSites"),
        ({"embed_sites": ("*",)}, "/embedSites"),
        ({"embed_sites": ("null",)}, "/embedSites"),
        ({"embed_sites": ("https://x.org\r\nX: y",)}, "/embedSites"),
        ({"embed_sites": ("https://x.org 'unsafe-inline'",)}, "/embedSites"),
        ({"embed_sites": ("https://",)}, "/embedSites"),
        ({"embed_sites": ("https://me@x.org",)}, "/embedSites"),
        ({"embed_sites": ("https://x.org:99999",)}, "/embedSites"),
        ({"embed_sites": ("https://[::1",)}, "/embedSites"),
        ({"embed_sites": ("javascript:alert(1)",)}, "/embedSites"),
        ({"embed_sites": (5,)}, "/embedSites"),
        ({"embed_sites": "https://x.org"}, "/embedSites"),
        ({"embed_sites": 5}, "/embedSites"),
        ({"language": "xx"}, "/language"),
        ({"client_accounts": "no"}, "/clientAccounts"),
        ({"scheduling_mode": "fax"}, "/schedulingMode"),
        ({"reminders": (30,)}, "/reminders"),
        ({"reminders": timedelta(1)}, "/reminders"),
        ({"schedule": "always"}, "/schedule"),
        ({"reminders": (timedelta(0),)}, "/reminders"),
        ({"reminders": (timedelta(days=61),)}, "/reminders"),
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        a_builder(**wrong)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def named(name: str) -> Builder:
    return Builder(id="bld_1", name=name, email="a@example.org", schedule=a_schedule())


def test_the_slug_comes_from_the_name() -> None:
    assert named("Ada B. Byron").slug == "ada-b-byron"


def test_a_name_without_latin_letters_gets_a_slug_all_the_same() -> None:
    assert named("山田 花子").slug == "bld-1"


def test_of_the_sites_that_may_embed_only_the_origin_is_kept() -> None:
    given = ["https://Example.org/book?x=1#here", "http://localhost:8080/", "https://[::1]:8443"]
    kept = a_builder(embed_sites=given).embed_sites
    assert kept == ("https://example.org", "http://localhost:8080", "https://[::1]:8443")


def test_a_site_is_written_as_browsers_write_it() -> None:
    given = ["https://example.org:443", "http://localhost:80", "https://example.org:80"]
    kept = a_builder(embed_sites=given).embed_sites
    assert kept == ("https://example.org", "http://localhost", "https://example.org:80")


def test_a_site_that_is_named_twice_is_kept_once() -> None:
    given = ["https://b.example", "https://a.example", "https://B.example/page"]
    assert a_builder(embed_sites=given).embed_sites == ("https://b.example", "https://a.example")


def test_which_of_many_sites_is_none_is_told() -> None:
    with pytest.raises(InvalidRequest, match="'our school' is no site"):
        a_builder(embed_sites=["https://a.example", "our school", "https://b.example"])


@pytest.mark.parametrize(
    "photo", [None, "/static/ada.png", "/Ada.JPEG", "https://example.org:8443/a;b/ada.png?size=2"]
)
def test_a_photo_is_an_https_address_or_an_image_of_this_site(photo: str | None) -> None:
    assert a_builder(photo_url=photo).photo_url == photo


def test_the_zone_of_a_builder_is_that_of_its_schedule() -> None:
    assert a_builder(schedule=a_schedule(timezone="Asia/Tokyo")).timezone == "Asia/Tokyo"
