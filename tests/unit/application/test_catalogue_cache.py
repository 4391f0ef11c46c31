"""Reading the catalogue is cheap, and an edit is seen at once wherever it was made (A7)."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.memory import MemoryCalendar, MemoryMailer
from booking_core import Actor, BookingCore
from booking_core.testing.examples import a_builder, a_session_type
from tests.unit.application.paying import BUILDER, Shop


@pytest.fixture
def shop() -> Shop:
    return Shop.open(price=None)


def titles(core: BookingCore) -> list[str]:
    found = core.list_session_types(builder=a_builder().id, actor=Actor.anonymous())
    return [each.title for each in found]


def rename(core: BookingCore, title: str) -> None:
    core.change_session_type(
        session_type_id=a_session_type().id, changes={"title": title}, actor=BUILDER
    )


def test_the_catalogue_is_read_once_until_it_is_changed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles(shop.core)
    with shop.store(write=False) as uow:
        repository = type(uow.session_types)
    reads: list[Any] = []
    real = repository.all
    monkeypatch.setattr(repository, "all", lambda self: reads.append(1) or real(self))
    for _ in range(5):
        titles(shop.core)
    assert reads == []
    rename(shop.core, "Another title")
    assert titles(shop.core) == ["Another title"]
    assert len(reads) == 1


def test_an_edit_by_another_process_is_seen_at_once(shop: Shop) -> None:
    other = BookingCore.assemble(
        unit_of_work=shop.store,
        calendar=MemoryCalendar(shop.clock),
        mailer=MemoryMailer(),
        clock=shop.clock,
    )
    assert titles(shop.core) == titles(other)
    rename(other, "Edited elsewhere")
    assert titles(shop.core) == ["Edited elsewhere"]


def test_an_edit_that_failed_changes_nothing(shop: Shop) -> None:
    before = titles(shop.core)
    with shop.store() as uow:
        uow.session_types.save(a_session_type(title="Never committed"))
    assert titles(shop.core) == before
