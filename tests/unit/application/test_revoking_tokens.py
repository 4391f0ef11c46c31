"""A manage token that came into wrong hands is made worthless (C7)."""

from __future__ import annotations

import pytest

from booking_core import Actor, NotFound
from tests.unit.application.paying import BUILDER, Shop


@pytest.fixture
def shop() -> Shop:
    return Shop.open(price=None)


CLIENT = "grace@example.org"


@pytest.mark.parametrize("who", ["the client", "the builder", "an admin"])
def test_an_old_link_opens_nothing_any_more_and_the_new_one_comes_by_mail(
    shop: Shop, who: str
) -> None:
    booking = shop.confirm()
    shop.work()
    old = shop.client(booking)
    actor = {"the client": old, "the builder": BUILDER, "an admin": Actor.admin()}[who]
    revoked = shop.core.revoke_tokens(booking_id=booking.id, actor=actor)
    with pytest.raises(NotFound):
        shop.core.show_booking(booking_id=booking.id, actor=old)
    shop.work()
    mail = shop.mailer.sent_to(CLIENT)[-1]
    assert mail.subject.startswith("A new link: ")
    token = mail.text.partition("#token=")[2].split()[0]
    assert token == shop.client(revoked).manage_token != old.manage_token
    shown = shop.core.show_booking(booking_id=booking.id, actor=Actor.anonymous(token))
    assert shown.slot == booking.slot
    assert "A new link" not in shop.subjects("ada@example.org")


def test_a_cancelled_booking_has_links_to_revoke_as_well(shop: Shop) -> None:
    booking = shop.cancel(shop.confirm())
    shop.core.revoke_tokens(booking_id=booking.id, actor=Actor.admin())
    shop.work()
    assert "A new link" in shop.subjects()


def test_a_repeat_under_a_key_revokes_once(shop: Shop) -> None:
    booking = shop.confirm()
    once, again = (
        shop.core.revoke_tokens(booking_id=booking.id, actor=BUILDER, key="k") for _ in range(2)
    )
    assert once.token_version == again.token_version == booking.token_version + 1
    shop.work()
    assert shop.subjects().count("A new link") == 1


@pytest.mark.parametrize(
    "stranger", [Actor.anonymous(), Actor.anonymous("guess"), Actor.builder("bld_9")]
)
def test_a_stranger_revokes_nothing(shop: Shop, stranger: Actor) -> None:
    booking = shop.confirm()
    with pytest.raises(NotFound):
        shop.core.revoke_tokens(booking_id=booking.id, actor=stranger)
    assert shop.now(booking).token_version == booking.token_version
