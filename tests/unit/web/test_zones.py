"""Time zones, as people name them."""

from __future__ import annotations

import pytest

from booking_core import UnknownTimezone, zone
from entrypoints.web import zones


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        (" new_york ", "America/New_York"),
        ("america/new york", "America/New_York"),
        ("utc", "UTC"),
        ("CET", "CET"),  # no place, and a zone all the same
    ],
)
def test_a_zone_is_found_by_its_name_or_its_city(text: str, name: str) -> None:
    assert zones.named(text) == name


@pytest.mark.parametrize("text", ["Mars", "Europe", "", "Berln"])
def test_what_is_no_zone_is_told(text: str) -> None:
    with pytest.raises(UnknownTimezone):
        zones.named(text)


def test_each_zone_of_the_list_is_one() -> None:
    assert len(zones.places()) > 300
    for name in zones.places():
        assert zone(name)
