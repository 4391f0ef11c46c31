"""A thousand paid bookings, with every tenth call to any provider going wrong in every way."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from attrs import frozen

from adapters.memory import MemoryClock
from booking_core import (
    SERVED,
    Booking,
    BookingId,
    BookingState,
    CheckoutState,
    DayRange,
    Dispute,
    Flow,
    Letter,
    LetterKind,
    PaymentStatus,
    Reader,
    Schedule,
    Standing,
    Topic,
)
from booking_core.application.letters import still_true
from booking_core.testing.examples import NOW, PRICE
from tests.unit.application.crowd import HOUR, MINUTE, TERMS, Agreed, Crowd
from tests.unit.application.paying import Shop
from tests.unit.application.told_of_money import FIGURE, BothWriters, figure
from tests.unit.application.unreliable import (
    Calendar,
    Mailer,
    Payments,
    Post,
    Store,
    Unreliable,
)

pytestmark = pytest.mark.xdist_group("a thousand")  # which are booked once

S, P, K = BookingState, PaymentStatus, LetterKind
BOOKINGS = 1_000
DAY_AND_NIGHT = Schedule("UTC", {day: (DayRange.parse("00:00", "24:00"),) for day in range(7)})
UNDECIDED = (Dispute.OPEN, Dispute.LOST)


@frozen
class Outcome:
    """All that is left when the thousand are over and every job was done."""

    shop: Shop
    mails: BothWriters
    mailer: Mailer
    bookings: list[Booking]
    checkouts: dict[str, Standing]
    agreed: dict[BookingId, Agreed]
    letters: dict[tuple[BookingId, Reader], list[tuple[Letter, str]]]
    seen: Counter[str]

    def of(self, booking: Booking) -> Agreed:
        return self.agreed.get(booking.id, Agreed())

    def standings(self, booking: Booking) -> list[Standing]:
        keys = [attempt.key for attempt in booking.payment.attempts]
        return [self.checkouts[key] for key in keys if key in self.checkouts]

    def undecided(self, booking: Booking) -> bool:
        """A bank decides, or has decided, what becomes of its money."""
        return any(each.dispute in UNDECIDED for each in self.standings(booking))

    def texts(self, booking: Booking, kind: LetterKind, reader: Reader) -> list[str]:
        told = self.letters.get((booking.id, reader), [])
        return [text for letter, text in told if letter.kind is kind]

    def told(self, booking: Booking, reader: Reader = Reader.CLIENT) -> Counter[LetterKind]:
        return Counter(letter.kind for letter, _ in self.letters.get((booking.id, reader), []))


@pytest.fixture(scope="module", params=[1])
def after(request: pytest.FixtureRequest) -> Outcome:
    random.seed(request.param)  # of the pauses between tries
    Unreliable.chance, Unreliable.trouble = random.Random(request.param), True
    Unreliable.seen.clear()
    clock, post, mails, mailer = MemoryClock(NOW), Post(), BothWriters(), Mailer()
    shop = Shop.open(
        clock=clock,
        payments=Payments(clock, post),
        payment_notices=post,
        calendar=Calendar(clock),
        mailer=mailer,
        mail_writer=mails,
        store=Store(),
        schedule=DAY_AND_NIGHT,
        cancellation_policy=TERMS,
    )
    crowd = Crowd(shop, post, Unreliable.chance)
    _live(crowd)
    Unreliable.trouble = False
    for _ in range(3):
        for _ in range(24):
            crowd.work()
            clock.advance(HOUR)
        for booking in crowd.all():
            crowd.read_the_mail(booking)
    crowd.work()
    arrived = {mail.key for mail in mailer.sent} | mailer.refused
    letters: dict[tuple[BookingId, Reader], list[tuple[Letter, str]]] = defaultdict(list)
    for letter, text in mails.texts.values():
        if letter.key in arrived:
            letters[letter.booking.id, letter.reader].append((letter, text))
    return Outcome(
        shop=shop,
        mails=mails,
        mailer=mailer,
        bookings=crowd.all(),
        checkouts=shop.payments.checkouts(),
        agreed=crowd.agreed,
        letters=letters,
        seen=Unreliable.seen.copy(),
    )


def _live(crowd: Crowd) -> None:
    """They book and change their minds; then the builder is kind, and banks refuse refunds."""
    for number in range(BOOKINGS):
        crowd.book(number)
        if number % 10 == 0:
            crowd.work(MINUTE)
    crowd.work(HOUR)
    for act in (crowd.goodwill, crowd.send_back, crowd.dispute, crowd.read_the_mail):
        for booking in crowd.all():
            if crowd.chance.random() < (1 if act == crowd.read_the_mail else 0.3):
                act(booking)
        for _ in range(2 * 24):
            crowd.shop.clock.advance(10 * MINUTE)
            crowd.work()


# ---- the promises --------------------------------------------------------------------------------


def test_one_worker_has_all_of_this(request: pytest.FixtureRequest) -> None:
    """A pytest-xdist that groups no more says nothing; storms would then disturb each other."""
    if request.config.getoption("loadgroup", default=False):
        assert request.node.nodeid.endswith("@a thousand")


def test_the_thousand_were_worth_it(after: Outcome) -> None:
    """Every way to end, every fault and every kind of mail came about, by some dozens mostly."""
    assert len(after.bookings) > BOOKINGS / 2
    ends = Counter(booking.state for booking in after.bookings)
    for state in (S.CONFIRMED, S.CANCELLED, S.EXPIRED):
        assert ends[state] > 100, ends
    assert ends[S.FAILED] > 3, ends
    statuses = Counter(booking.payment.status for booking in after.bookings)
    for status in (P.PAID, P.REFUNDED, P.VOIDED, P.DISPUTED):
        assert statuses[status] > 5, statuses
    told = sum((after.told(booking) for booking in after.bookings), Counter())
    links = [b for b in after.bookings if b.flow is Flow.LINK and b.state in SERVED]
    assert len(links) > 10
    assert sum(agreed.gifts > 0 for agreed in after.agreed.values()) > 10
    assert sum(agreed.sent_back > 0 for agreed in after.agreed.values()) > 10
    assert {K.REFUNDED, K.REFUND_SENT_BACK, K.LINK_UNUSED, K.CHOOSE_TIME} <= set(told), told
    assert len(after.seen) > 70, sorted(after.seen)


def test_no_hold_is_left(after: Outcome) -> None:
    waiting = [b.id for b in after.bookings if b.state.live and b.state not in SERVED]
    assert waiting == []
    jobs = after.shop.core.jobs.upcoming(limit=10 * BOOKINGS)
    assert [each for each in jobs if not each.job.key.startswith("late look:")] == []
    for standing in after.checkouts.values():
        assert standing.state not in (CheckoutState.OPEN, CheckoutState.AUTHORISED)


def test_no_money_is_kept_for_nothing_and_no_service_given_for_nothing(after: Outcome) -> None:
    for booking in after.bookings:
        if after.undecided(booking):
            continue
        by_hand = sum(attempt.by_hand for attempt in booking.payment.attempts)
        held = sum(standing.held for standing in after.standings(booking)) - by_hand
        due = booking.money_due()
        assert due - after.of(booking).elsewhere <= held <= due, booking
        assert (booking.payment.accepted is not None) or not booking.state.served, booking
        assert booking.payment.owed == 0 or not booking.payment.sent_back, booking


def test_the_builder_may_keep_what_was_agreed(after: Outcome) -> None:
    """The price of what took place, less what it gave out of goodwill; of the rest what the terms say."""
    for booking in after.bookings:
        agreed = after.of(booking)
        lost = any(each.dispute is Dispute.LOST for each in after.standings(booking))
        assert booking.money_due() == (0 if lost else _may_keep(booking, agreed)), booking


def _may_keep(booking: Booking, agreed: Agreed) -> int:
    if booking.state.served:
        return PRICE.amount - agreed.gifts
    ours = booking.cancel_reason != ""
    return (agreed.kept or 0) if booking.state is S.CANCELLED and not ours else 0


def test_what_is_disputed_is_left_to_the_bank(after: Outcome) -> None:
    """No more went back than the terms say, and what is recorded is what the bank did."""
    for booking in filter(after.undecided, after.bookings):
        [standing] = [each for each in after.standings(booking) if each.dispute in UNDECIDED]
        told = after.told(booking, Reader.BUILDER)
        if standing.dispute is Dispute.OPEN:
            assert booking.payment.status is P.DISPUTED
            assert told[K.DISPUTED] == 1
            left = standing.captured - standing.refunded + after.of(booking).elsewhere
            assert left >= booking.money_due()
        else:
            assert booking.payment.status is P.REFUNDED
            assert told[K.DISPUTE_ENDED] == 1
            assert booking.payment.owed == 0 or booking.money_due() == 0


def test_calendar_and_bookings_agree(after: Outcome) -> None:
    expected = sorted(slot for b in after.bookings for slot in b.expected_slots())
    assert sorted(event.slot for event in after.shop.calendar.standing()) == expected


def test_no_two_live_bookings_overlap(after: Outcome) -> None:
    slots = sorted(b.slot for b in after.bookings if b.state.live and b.slot)
    assert all(a.end <= b.start for a, b in pairwise(slots))


# ---- the mails -----------------------------------------------------------------------------------

ENDS = {
    S.CONFIRMED: {K.BOOKED},
    S.CANCELLED: {K.CANCELLED, K.CALLED_OFF},
    S.FAILED: {K.FAILED},
    S.EXPIRED: {
        K.EXPIRED,
        K.PAYMENT_FAILED,
        K.PAYMENT_TAKEN_BACK,
        K.LINK_UNUSED,
        K.AUTHORISED_TOO_LATE,
        K.PAID_TOO_LATE,
    },
}
OFTEN = (K.REFUNDED, K.HANDED_BACK, K.REFUND_SENT_BACK, K.MOVED, K.CHOOSE_TIME)


def test_each_mail_that_must_arrive_arrives_once(after: Outcome) -> None:
    """How it ended, to the client, and where the builder had heard of it to the builder."""
    for booking in after.bookings:
        for reader in Reader:
            told = after.told(booking, reader)
            assert all(n == 1 for kind, n in told.items() if kind not in OFTEN), (booking, told)
        client, builder = after.told(booking), after.told(booking, Reader.BUILDER)
        ended = sum(client[kind] for kind in ENDS[booking.state])
        assert ended == 1 or _let_go_before_it_stood(booking, client), (booking, client)
        assert builder[K.BOOKED] == client[K.BOOKED] or booking.state is S.CANCELLED
        assert builder[K.CANCELLED] == client[K.CANCELLED]
        assert builder[K.FAILED] == client[K.FAILED]
        assert builder[K.REFUND_SENT_BACK] == client[K.REFUND_SENT_BACK]


def _let_go_before_it_stood(booking: Booking, told: Counter[LetterKind]) -> bool:
    """Who cancels what was never booked knows it."""
    return booking.state is S.CANCELLED and not booking.cancel_reason and not told[K.BOOKED]


def test_the_mails_name_the_money_that_really_went_back(after: Outcome) -> None:
    for booking in after.bookings:
        agreed, books = after.of(booking), after.standings(booking)
        gone = sum(standing.refunded for standing in books)
        refunds = after.texts(booking, K.REFUNDED, Reader.CLIENT)
        told = sum(figure(text, f"refund of {FIGURE} has been made") for text in refunds)
        assert told == gone + agreed.sent_back, (booking, refunds)
        for reader in Reader:
            for text in after.texts(booking, K.REFUND_SENT_BACK, reader):
                assert figure(text, f"{FIGURE} is still owed") == agreed.sent_back, text
        if agreed.kept is None or agreed.disputed or agreed.elsewhere or agreed.gifts:
            continue
        for text in after.texts(booking, K.CANCELLED, Reader.CLIENT):
            announced = figure(text, f"{FIGURE} goes back to you")
            assert announced == gone + sum(each.by_hand for each in booking.payment.attempts), text
            assert figure(text, f"{FIGURE} is kept") == booking.money_due(), text


def test_no_mail_gets_lost(after: Outcome) -> None:
    """But those that are overtaken, or that the server refused for good: a person can begin them anew."""
    arrived = {mail.key for mail in after.mailer.sent} | after.mailer.refused
    now = {booking.id: booking for booking in after.bookings}
    for letter, _ in after.mails.texts.values():
        assert letter.key in arrived or not still_true(letter.kind, now[letter.booking.id])
    dead = after.shop.core.jobs.dead()
    assert {each.job.topic for each in dead} <= {Topic.SEND_MAIL}
    assert {each.job.key for each in dead} <= after.mailer.refused


def test_a_mail_is_handed_over_again_only_after_a_call_that_failed(after: Outcome) -> None:
    """Or when our own record of it got lost with the database."""
    arrived = Counter(mail.key for mail in after.mailer.arrived)
    assert max(arrived.values()) > 1
    repeats = sum(
        times - 1 - after.mailer.failed[key] for key, times in arrived.items() if times > 1
    )
    lost = sum(times for fault, times in after.seen.items() if fault.startswith("commit"))
    assert repeats <= lost
