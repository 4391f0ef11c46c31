"""Many repeats of one message at once."""

import time

import pytest

from adapters.sql import SqlStore
from booking_core import InboxKey, KeyReused
from booking_core.testing.examples import NOW
from tests.integration.storm import storm

pytestmark = pytest.mark.storm

KEY = InboxKey("confirm:me", "key-1", "body")


def test_one_of_many_repeats_does_the_work_and_the_rest_see_its_answer(store: SqlStore) -> None:
    done = []

    def handle() -> dict[str, str]:
        with store() as uow:
            stored = uow.inbox.open(key=KEY, now=NOW)
            if stored is not None:
                return stored
            done.append(1)
            time.sleep(0.02)
            uow.inbox.answer(key=KEY, answer={"booking": "bkg_1"})
            uow.commit()
            return {"booking": "bkg_1"}

    rush = storm([handle for _ in range(16)])
    assert rush.errors == []
    assert rush.results == [{"booking": "bkg_1"}] * 16
    assert len(done) == 1


def test_the_next_one_takes_over_when_the_first_one_fails(store: SqlStore) -> None:
    with store() as uow:
        assert uow.inbox.open(key=KEY, now=NOW) is None
    with store() as uow:
        assert uow.inbox.open(key=KEY, now=NOW) is None
        uow.commit()
    with store() as uow:  # committed without an answer: still to be done
        assert uow.inbox.open(key=InboxKey(KEY.scope, KEY.value, "other"), now=NOW) is None
        uow.inbox.answer(key=InboxKey(KEY.scope, KEY.value, "other"), answer={})
        uow.commit()
    with store() as uow, pytest.raises(KeyReused):
        uow.inbox.open(key=KEY, now=NOW)
