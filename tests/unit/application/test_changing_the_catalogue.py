"""What a builder may change of the catalogue: the values of what is its own, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock, MemoryMailer, MemoryStore
from booking_core import Actor, BookingCore, CalendarRef, InvalidRequest
from booking_core.testing.examples import NOW, a_builder, a_schedule, a_session_type
from tests.unit.application.paying import BUILDER, Shop

EVE = Actor.builder("bld_2")
TAKING = {"id": "typ_1", "title": "Taken over", "slug": "another"}
NAMES = [("id", "/id"), ("builder_id", "/builderId"), ("no_such_thing", "/noSuchThing")]


@pytest.fixture
def shop() -> Shop:
    shop = Shop.open(price=None)
    with shop.store() as uow:
        uow.builders.save(a_builder(id="bld_2", name="Eve"))
        uow.session_types.save(a_session_type(id="typ_2", builder_id="bld_2"))
        uow.commit()
    return shop


def refusal(act: Any, **given: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as refused:
        act(**given)
    return [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(("name", "pointer"), NAMES)
def test_only_what_can_be_changed_of_a_session_type_is_changed(
    shop: Shop, name: str, pointer: str
) -> None:
    changes = TAKING | {name: "typ_1"} if name == "id" else {name: "bld_1"}
    change = shop.core.change_session_type
    assert refusal(change, session_type_id="typ_2", changes=changes, actor=EVE) == [pointer]
    assert shop.stored_type() == a_session_type()


@pytest.mark.parametrize("name", ["id", "no_such_thing"])
def test_only_what_can_be_changed_of_a_builder_is_changed(shop: Shop, name: str) -> None:
    change = shop.core.change_builder
    [pointer] = refusal(change, builder_id="bld_2", changes={name: "bld_1"}, actor=EVE)
    assert pointer == dict(NAMES)[name]
    assert shop.core.show_builder(name="bld_1", actor=BUILDER).name == a_builder().name


@pytest.mark.parametrize("name", ["id", "no_such_thing"])
def test_what_is_added_gets_an_id_of_its_own_and_has_no_other_attributes(
    shop: Shop, name: str
) -> None:
    more = {name: "typ_1"}
    add_type, add_builder = shop.core.add_session_type, shop.core.add_builder
    found = refusal(add_type, builder_id="bld_1", title="Another", actor=BUILDER, **more)
    assert found == [dict(NAMES)[name]]
    new = {"name": "Eve", "email": "eve@example.org", "schedule": a_schedule()}
    assert refusal(add_builder, actor=Actor.admin(), **new, **more) == [dict(NAMES)[name]]


def test_no_builder_has_the_id_of_another_as_its_slug(shop: Shop) -> None:
    """Addresses name a builder by either."""
    with shop.store() as uow:
        uow.builders.save(a_builder(id="kim", name="Robin", slug="robin"))
        uow.commit()
    add, change, admin = shop.core.add_builder, shop.core.change_builder, Actor.admin()
    new = {"name": "Kim", "email": "kim@example.org", "schedule": a_schedule()}
    for slug in ({}, {"slug": "kim"}):
        assert refusal(add, actor=admin, **new, **slug) == ["/slug"]
    changes = {"slug": "kim"}
    assert refusal(change, builder_id="bld_2", changes=changes, actor=EVE) == ["/slug"]
    assert change(builder_id="kim", changes=changes, actor=admin).slug == "kim"
    assert change(builder_id="bld_2", changes={"slug": "eve"}, actor=EVE).slug == "eve"


def test_the_length_of_an_event_type_is_the_providers() -> None:
    shop = Shop.open(price=None, calendar_ref=CalendarRef("et_1", "https://calendar.test/et_1"))
    change, typ = shop.core.change_session_type, a_session_type().id
    longer = {"duration": timedelta(minutes=90)}
    assert refusal(change, session_type_id=typ, changes=longer, actor=BUILDER) == [
        "/durationMinutes"
    ]
    same = {"duration": shop.stored_type().duration, "title": "Another"}
    assert change(session_type_id=typ, changes=same, actor=BUILDER).title == "Another"
    alone = change(session_type_id=typ, changes=longer | {"calendar_ref": None}, actor=BUILDER)
    assert alone.duration == longer["duration"]


def test_where_our_own_calendar_judges_an_event_type_fixes_no_length() -> None:
    clock, store = MemoryClock(NOW), MemoryStore()
    calendar = LocalCalendar(store, clock, "https://booking.test")
    core = BookingCore.assemble(
        unit_of_work=store, calendar=calendar, mailer=MemoryMailer(), clock=clock
    )
    with store() as uow:
        uow.builders.save(a_builder())
        ref = CalendarRef("et_1", "https://calendar.test/et_1")
        uow.session_types.save(a_session_type(calendar_ref=ref))
        uow.commit()
    changed = core.change_session_type(
        session_type_id=a_session_type().id,
        changes={"duration": timedelta(minutes=90)},
        actor=BUILDER,
    )
    assert changed.duration == timedelta(minutes=90)
