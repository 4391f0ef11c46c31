"""One key, one change, one answer (C9), for callers of the library."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock, MemoryMailer, MemoryStore
from booking_core import (
    Actor,
    Answer,
    Booking,
    BookingCore,
    BookingError,
    BookingState,
    Contact,
    InboxKey,
    KeyReused,
    Money,
    NotFound,
    Question,
    Slot,
    SlotUnavailable,
)
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_builder,
    a_contact,
    a_session_type,
    a_slot,
)
from tests.unit.application.paying import Shop


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(NOW)


@pytest.fixture
def core(clock: MemoryClock) -> BookingCore:
    store = MemoryStore()
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.commit()
    return BookingCore.assemble(
        unit_of_work=store,
        calendar=LocalCalendar(store, clock, "http://localhost"),
        mailer=MemoryMailer(),
        clock=clock,
    )


def _book(
    core: BookingCore,
    slot: Slot,
    key: str | None = "k",
    contact: Contact | None = None,
    answers: Sequence[Answer] = (),
) -> Booking:
    return core.confirm_booking(
        session_type_id=a_session_type().id,
        slot=slot,
        contact=contact or a_contact(),
        answers=answers,
        actor=Actor.anonymous(),
        key=key,
    )


def test_a_repeat_gets_the_first_answer_even_after_the_booking_has_changed(
    core: BookingCore,
) -> None:
    first = _book(core, a_slot())
    core.cancel_booking(booking_id=first.id, actor=Actor.system())
    again = _book(core, a_slot())
    assert (again.id, again.state, again.slot) == (first.id, BookingState.CONFIRMED, a_slot())


def test_another_request_under_the_same_key_is_refused(core: BookingCore) -> None:
    _book(core, a_slot())
    with pytest.raises(KeyReused):
        _book(core, a_slot(hour=13))


def test_a_key_belongs_to_its_caller(core: BookingCore) -> None:
    first = _book(core, a_slot())
    other = _book(core, a_slot(hour=13), contact=a_contact(email="other@example.org"))
    assert other.id != first.id


def test_a_refusal_is_remembered_with_its_alternatives(core: BookingCore) -> None:
    taken = _book(core, a_slot(), key=None)
    with pytest.raises(SlotUnavailable) as refused:
        _book(core, a_slot())
    core.cancel_booking(booking_id=taken.id, actor=Actor.system())
    with pytest.raises(SlotUnavailable) as again:
        _book(core, a_slot())
    assert again.value.alternatives == refused.value.alternatives != ()


def test_a_key_is_remembered_for_a_week(core: BookingCore, clock: MemoryClock) -> None:
    first = _book(core, a_slot())
    clock.advance(timedelta(days=7))
    assert core.forget_answers() == 0
    assert _book(core, a_slot()).id == first.id
    clock.advance(timedelta(seconds=1))
    assert core.forget_answers() == 1
    with pytest.raises(BookingError):  # that slot is taken, or over
        _book(core, a_slot())


def test_however_many_answers_are_old_all_are_forgotten(
    core: BookingCore, clock: MemoryClock
) -> None:
    with core.forget_answers.unit_of_work() as uow:
        for number in range(2_500):
            key = InboxKey("notice:payments", f"evt_{number}", "")
            uow.inbox.open(key=key, now=NOW)
            uow.inbox.answer(key=key, answer={})
        uow.commit()
    clock.advance(timedelta(days=8))
    assert core.forget_answers() == 2_500


def test_a_repeat_may_bring_its_answers_in_a_list_or_in_a_tuple(core: BookingCore) -> None:
    question = Question("goal", "What is your goal?")
    core.change_session_type(
        session_type_id=a_session_type().id,
        changes={"questions": (question,)},
        actor=Actor.system(),
    )
    answers = [Answer("goal", "A new job")]
    first, again = (_book(core, a_slot(), answers=given) for given in (answers, tuple(answers)))
    assert first.id == again.id


def test_a_repeat_shows_the_booking_only_to_a_token_that_opens_it_still(core: BookingCore) -> None:
    booking = _book(core, a_slot())
    shown = Actor.anonymous(core.manage_key.token(booking.id, booking.token_version))

    def cancel() -> Booking:
        return core.cancel_booking(booking_id=booking.id, actor=shown, key="c")

    assert cancel().state is cancel().state is BookingState.CANCELLED
    with core.cancel_booking.keeper.unit_of_work() as uow:
        stored = uow.bookings.get(booking.id)
        stored.revoke_tokens()
        uow.bookings.save(stored)
        uow.commit()
    with pytest.raises(NotFound):
        cancel()


def test_a_confirm_shows_what_it_answered_only_to_a_token_that_opens_the_booking_still(
    core: BookingCore,
) -> None:
    begun = core.initialize_booking(
        session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=a_contact()
    ).booking
    shown = Actor.anonymous(core.manage_key.token(begun.id, begun.token_version))

    def confirm() -> Booking:
        return core.confirm_booking(
            session_type_id=a_session_type().id,
            slot=a_slot(),
            actor=shown,
            booking_id=begun.id,
            key="c",
        )

    assert confirm().state is confirm().state is BookingState.CONFIRMED
    core.revoke_tokens(booking_id=begun.id, actor=Actor.admin())
    with pytest.raises(NotFound):
        confirm()


def _opens(core: BookingCore, answered: Booking) -> bool:
    token = core.manage_key.token(answered.id, answered.token_version)
    try:
        core.show_booking(booking_id=answered.id, actor=Actor.anonymous(token))
    except NotFound:
        return False
    return True


@pytest.mark.parametrize("price", [None, PRICE], ids=["free", "paid"])
@pytest.mark.parametrize("calendar", ["local", "memory"])
@pytest.mark.parametrize("begin", ["confirm", "initialize"])
def test_a_repeat_after_the_links_were_revoked_hands_out_no_new_one(
    price: Money | None, calendar: str, begin: str
) -> None:
    shop = Shop.open(price=price, calendar=calendar)

    def answered() -> Booking:
        if begin == "confirm":
            return shop.confirm(key="k")
        return shop.core.initialize_booking(
            session_type_id=a_session_type().id,
            actor=Actor.anonymous(),
            contact=a_contact(),
            key="k",
        ).booking

    first = answered()
    assert _opens(shop.core, first)
    assert _opens(shop.core, answered())
    shop.core.revoke_tokens(booking_id=first.id, actor=Actor.admin())
    assert not _opens(shop.core, answered())


def test_a_repeat_after_an_erasure_opens_nothing() -> None:
    shop = Shop.open(price=None)
    booking = shop.confirm(key="k")
    shop.cancel(booking)
    shop.work()
    shop.core.erase_client(email=a_contact().email, actor=Actor.admin())
    assert not _opens(shop.core, shop.confirm(key="k"))
