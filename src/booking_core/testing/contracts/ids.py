"""What an identifier promises."""

from __future__ import annotations

import re

import pytest

from booking_core.ports.ids import IdFactory
from booking_core.testing.contracts.threads import at_once

_KINDS = ("bkg", "tag", "st", "bld")
_IN_AN_ADDRESS = re.compile(r"[A-Za-z0-9._~-]+")
_THREADS, _EACH = 8, 200


class IdFactoryContract:
    """Needs `ids`."""

    @pytest.mark.parametrize("kind", _KINDS)
    def test_an_id_begins_with_its_kind_and_is_short(self, ids: IdFactory, kind: str) -> None:
        for _ in range(_EACH):
            new = ids.new(kind)
            assert new.startswith(kind)
            assert len(kind) < len(new) <= 40

    def test_an_id_can_stand_in_an_address_as_it_is(self, ids: IdFactory) -> None:
        assert all(_IN_AN_ADDRESS.fullmatch(ids.new(kind)) for kind in _KINDS)

    def test_no_id_is_given_out_twice_whoever_asks_at_the_same_moment(self, ids: IdFactory) -> None:
        def many() -> list[str]:
            return [ids.new(kind) for _ in range(_EACH) for kind in _KINDS]

        given = [new for found in at_once([many] * _THREADS) for new in found]
        assert len(given) == len(set(given)) == _THREADS * _EACH * len(_KINDS)
