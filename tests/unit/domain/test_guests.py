"""Whom a client brings: addresses, each once, ten at most."""

from __future__ import annotations

import pytest

from booking_core import MOST_GUESTS, InvalidRequest, check_guests, usable_guests
from booking_core.testing.examples import a_contact

GRACE = a_contact().email


def test_each_guest_is_kept_once_as_written_first_and_never_the_client() -> None:
    given = [" Bea@example.org ", "bea@EXAMPLE.org", GRACE.upper(), "cy@example.org"]
    assert check_guests(given, GRACE) == ("Bea@example.org", "cy@example.org")


def test_whoever_comes_anyway_is_no_guest() -> None:
    assert check_guests(["ADA@example.org", "cy@example.org"], GRACE, "ada@example.org") == (
        "cy@example.org",
    )


def test_every_wrong_address_is_pointed_at() -> None:
    with pytest.raises(InvalidRequest) as wrong:
        check_guests(["bea@example.org", "cy", "dee@example.org\nBcc: all@example.org"], GRACE)
    pointers = [each.pointer for each in wrong.value.errors]
    assert pointers == ["/clientDetails/guests/1", "/clientDetails/guests/2"]


def test_nobody_who_was_erased_comes_along() -> None:
    with pytest.raises(InvalidRequest):
        check_guests(["erased-bkg_1@erased.invalid"], GRACE)


def test_ten_come_along_and_eleven_do_not() -> None:
    many = [f"g{number}@example.org" for number in range(MOST_GUESTS + 1)]
    assert check_guests([*many[:-1], GRACE], GRACE) == tuple(many[:-1])
    with pytest.raises(InvalidRequest) as wrong:
        check_guests(many, GRACE)
    assert [each.pointer for each in wrong.value.errors] == ["/clientDetails/guests"]


def test_of_what_a_provider_tells_only_usable_addresses_count() -> None:
    told = ["", "cy", "bea@example.org", GRACE, *(f"g{n}@example.org" for n in range(20))]
    found = usable_guests(told, GRACE)
    assert found[:2] == ("bea@example.org", "g0@example.org")
    assert len(found) == MOST_GUESTS
