"""What makes a message that comes twice count once."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

import pytest

from booking_core.domain.errors import KeyReused
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import NOW, a_builder

_KEY = InboxKey("confirm:caller", "key-1", "body-1")
_ANSWER: dict[str, Any] = {"booking": "bkg_1", "slot": ["a", "b"], "count": 1, "none": None}


class InboxContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    def test_a_new_message_has_no_answer_yet(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work() as uow:
            assert uow.inbox.open(key=_KEY, now=NOW) is None

    def test_a_repeat_gets_the_first_answer(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._answer(unit_of_work, _KEY, _ANSWER)
        for _ in range(2):
            with unit_of_work() as uow:
                assert uow.inbox.open(key=_KEY, now=NOW) == _ANSWER

    def test_an_answer_can_be_replaced_by_a_later_one(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        later = {"refused": "busy"}
        self._answer(unit_of_work, _KEY, _ANSWER)
        self._answer(unit_of_work, _KEY, later)
        with unit_of_work() as uow:
            assert uow.inbox.open(key=_KEY, now=NOW) == later

    def test_a_key_with_another_body_is_refused(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._answer(unit_of_work, _KEY, _ANSWER)
        other = InboxKey(_KEY.scope, _KEY.value, "body-2")
        with unit_of_work() as uow, pytest.raises(KeyReused):
            uow.inbox.open(key=other, now=NOW)

    def test_the_same_key_in_another_scope_is_another_message(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._answer(unit_of_work, _KEY, _ANSWER)
        with unit_of_work() as uow:
            other = InboxKey("cancel:caller", _KEY.value, "body-2")
            assert uow.inbox.open(key=other, now=NOW) is None

    def test_a_rolled_back_message_is_new_again_under_any_body(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        with unit_of_work() as uow:
            uow.inbox.open(key=_KEY, now=NOW)
            uow.inbox.answer(key=_KEY, answer=_ANSWER)
        with unit_of_work() as uow:
            other = InboxKey(_KEY.scope, _KEY.value, "body-2")
            assert uow.inbox.open(key=other, now=NOW) is None

    def test_what_was_answered_before_a_time_is_forgotten_and_nothing_else(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        keys = [InboxKey("confirm:caller", f"key-{n}", "body") for n in range(5)]
        for number, key in enumerate(keys):
            self._answer(unit_of_work, key, _ANSWER, now=NOW + timedelta(days=number))
        with unit_of_work() as uow:
            assert uow.inbox.forget(before=NOW + timedelta(days=3)) == 3
            uow.commit()
        with unit_of_work() as uow:
            known = [uow.inbox.open(key=key, now=NOW) is not None for key in keys]
        assert known == [False, False, False, True, True]

    def test_a_few_answers_are_forgotten_at_a_time_the_oldest_first(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        keys = [InboxKey("confirm:caller", f"key-{n}", "body") for n in (2, 0, 1)]
        for number, key in enumerate(keys):
            self._answer(unit_of_work, key, _ANSWER, now=NOW + timedelta(days=number))
        with unit_of_work() as uow:
            assert uow.inbox.forget(before=NOW + timedelta(days=9), limit=2) == 2
            assert [uow.inbox.open(key=key, now=NOW) is None for key in keys] == [True, True, False]

    def test_what_was_only_just_forgotten_can_come_again(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._answer(unit_of_work, _KEY, _ANSWER)
        with unit_of_work() as uow:
            uow.inbox.forget(before=NOW + timedelta(seconds=1))
            uow.commit()
        self._answer(unit_of_work, _KEY, {"by": "another"})
        with unit_of_work() as uow:
            assert uow.inbox.open(key=_KEY, now=NOW) == {"by": "another"}

    def test_of_twelve_repeats_at_once_one_does_the_work_and_all_get_its_answer(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        worked: list[int] = []
        counting = Lock()

        def handle(number: int) -> dict[str, Any]:
            with unit_of_work() as uow:
                stored = uow.inbox.open(key=_KEY, now=NOW)
                if stored is not None:
                    return stored
                with counting:
                    worked.append(number)
                for work in range(5):
                    uow.builders.save(a_builder(id=f"bld_{work}", name=f"By {number}"))
                uow.inbox.answer(key=_KEY, answer={"by": number})
                uow.commit()
                return {"by": number}

        answers = at_once([partial(handle, n) for n in range(12)])
        assert len(worked) == 1
        assert answers == [{"by": worked[0]}] * 12

    def test_of_two_bodies_at_once_under_one_key_one_is_refused(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        def handle(body: str) -> str:
            key = InboxKey(_KEY.scope, _KEY.value, body)
            try:
                self._answer(unit_of_work, key, {"body": body})
            except KeyReused:
                return "refused"
            return "done"

        calls = [partial(handle, b) for b in ("one", "two")]
        assert sorted(at_once(calls)) == ["done", "refused"]

    def _answer(
        self,
        unit_of_work: UnitOfWorkFactory,
        key: InboxKey,
        answer: dict[str, Any],
        now: datetime = NOW,
    ) -> None:
        with unit_of_work() as uow:
            uow.inbox.open(key=key, now=now)
            uow.inbox.answer(key=key, answer=answer)
            uow.commit()
