"""What a marketplace shows: who can be booked, what of it, and when next; no page asks a calendar (A8)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from booking_core import Actor, BuilderCard, Category, NotFound, ProviderFailed
from booking_core.testing.examples import a_builder, a_session_type
from tests.unit.application.paying import BUILDER, Shop

ANYONE, CLIENT = Actor.anonymous(), Actor.client("ana")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def shop() -> Shop:
    """A builder with a free session, and one for clients who are signed in."""
    shop = Shop.open(price=None, minimum_notice=HOUR)
    with shop.store() as uow:
        uow.session_types.save(
            a_session_type(
                id="ses_two",
                slug="two",
                category="pathway",
                pathways=("pivot",),
                minimum_notice=HOUR,
            )
        )
        uow.session_types.save(a_session_type(id="ses_old", slug="old", active=False))
        uow.commit()
    return shop


def card(shop: Shop, actor: Actor = ANYONE) -> BuilderCard:
    [found] = shop.core.list_cards(actor=actor)
    assert found == shop.core.list_cards.of(builder=a_builder().slug, actor=actor)
    return found


def next_start(shop: Shop, actor: Actor = ANYONE) -> datetime | None:
    opening = card(shop, actor).opening
    return opening and opening.next_start


def test_a_card_has_what_its_viewer_may_book_and_how_much_more_signing_in_shows(shop: Shop) -> None:
    seen = card(shop)
    assert [each.slug for each in seen.session_types] == [a_session_type().slug]
    assert seen.after_sign_in == {Category.PATHWAY: 1}
    seen = card(shop, CLIENT)
    assert len(seen.session_types) == 2
    assert seen.after_sign_in == {}


def test_who_is_not_active_has_no_card(shop: Shop) -> None:
    shop.core.change_builder(
        builder_id=a_builder().id, changes={"active": False}, actor=Actor.admin()
    )
    assert shop.core.list_cards(actor=ANYONE) == []
    with pytest.raises(NotFound):
        shop.core.list_cards.of(builder=a_builder().slug, actor=ANYONE)


def test_the_next_opening_is_known_once_the_job_has_looked(shop: Shop) -> None:
    assert next_start(shop) is None
    assert shop.core.refresh_openings() == 2
    assert next_start(shop) == next_start(shop, CLIENT)
    assert card(shop).opening.seen_at == shop.clock.now()  # type: ignore[union-attr]


def test_a_card_asks_no_calendar(shop: Shop) -> None:
    shop.core.refresh_openings()
    shop.calendar.break_next("next_start", times=99)
    shop.calendar.break_next("open_slots", times=99)
    assert next_start(shop) is not None


def test_what_is_fresh_is_left_alone(shop: Shop) -> None:
    shop.core.refresh_openings()
    shop.clock.advance(14 * MINUTE)
    assert shop.core.refresh_openings() == 0
    shop.clock.advance(MINUTE)
    assert shop.core.refresh_openings() == 2


def test_our_own_calendar_is_looked_at_more_often() -> None:
    shop = Shop.open(price=None, calendar="local")
    shop.core.refresh_openings()
    shop.clock.advance(5 * MINUTE)
    assert shop.core.refresh_openings() == 1


def test_a_calendar_that_fails_leaves_what_was_known(shop: Shop) -> None:
    shop.core.refresh_openings()
    known = card(shop).opening
    shop.clock.advance(16 * MINUTE)
    shop.calendar.break_next("next_start")
    assert shop.core.refresh_openings() == 0
    assert card(shop).opening == known
    assert shop.core.refresh_openings() == 2


def test_one_that_the_calendar_refuses_for_good_is_in_nobodys_way(shop: Shop) -> None:
    refused = ProviderFailed("There is no such event type.", retryable=False)
    shop.calendar.break_next("next_start", error=refused)
    assert shop.core.refresh_openings() == 1


def test_an_opening_that_is_over_is_not_shown(shop: Shop) -> None:
    shop.core.refresh_openings()
    start = next_start(shop)
    assert start is not None
    shop.clock.advance(start - shop.clock.now())
    assert next_start(shop) is None


def test_the_opening_on_a_card_is_one_that_its_viewer_may_book(shop: Shop) -> None:
    shop.core.change_session_type(
        session_type_id=a_session_type().id,
        changes={"minimum_notice": timedelta(days=3)},
        actor=BUILDER,
    )
    shop.core.refresh_openings()
    anyone, client = next_start(shop), next_start(shop, CLIENT)
    assert anyone is not None
    assert client is not None
    assert client < anyone
