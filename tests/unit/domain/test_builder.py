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
        ({"slug": "Ada Byron"}, "/slug"),
        ({"email": "ada"}, "/email"),
        ({"photo_url": "javascript:alert(1)"}, "/photoUrl"),
        ({"embed_sites": ("example.org",)}, "/embedSites"),
        ({"reminders": (timedelta(0),)}, "/reminders"),
        ({"reminders": (timedelta(days=61),)}, "/reminders"),
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        a_builder(**wrong)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_the_slug_comes_from_the_name() -> None:
    builder = Builder(id="b", name="Ada B. Byron", email="a@example.org", schedule=a_schedule())
    assert builder.slug == "ada-b-byron"


def test_the_zone_of_a_builder_is_that_of_its_schedule() -> None:
    assert a_builder(schedule=a_schedule(timezone="Asia/Tokyo")).timezone == "Asia/Tokyo"
