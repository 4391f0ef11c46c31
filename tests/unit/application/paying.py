"""A service in memory that takes money, with the client and the bank at its side."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from adapters.local_calendar import LocalCalendar
from adapters.memory import (
    MemoryCalendar,
    MemoryClock,
    MemoryIds,
    MemoryMailer,
    MemoryPayments,
    MemoryStore,
)
from booking_core import (
    Actor,
    Booking,
    BookingCore,
    CalendarFiles,
    CalendarNoticeReader,
    HoldLimits,
    MailWriter,
    PaymentNoticeReader,
    Role,
    Schedule,
    SessionType,
    Slot,
)
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_builder,
    a_contact,
    a_session_type,
    a_slot,
)

BUILDER = Actor(Role.BUILDER, a_builder().id)


@frozen
class Shop:
    core: BookingCore
    payments: MemoryPayments
    mailer: MemoryMailer
    clock: MemoryClock
    store: MemoryStore
    calendar: Any
    repaired: list[datetime]

    @classmethod
    def open(
        cls,
        *,
        clock: MemoryClock | None = None,
        payments: MemoryPayments | None = None,
        calendar: MemoryCalendar | str = "memory",
        mailer: MemoryMailer | None = None,
        schedule: Schedule | None = None,
        calendar_notices: CalendarNoticeReader | None = None,
        mail_writer: MailWriter | None = None,
        calendar_files: CalendarFiles | None = None,
        hold_limits: HoldLimits | None = None,
        payment_notices: PaymentNoticeReader | None = None,
        store: MemoryStore | None = None,
        **changes: Any,
    ) -> Shop:
        """With the session type changed as said; the calendar is "memory", "local" or one's own."""
        clock, store = clock or MemoryClock(NOW), store or MemoryStore()
        mailer, payments = mailer or MemoryMailer(), payments or MemoryPayments(clock)
        own: Any = calendar
        if calendar == "local":
            own = LocalCalendar(store, clock, "https://booking.test")
        elif calendar == "memory":
            own = MemoryCalendar(clock)
        builder = a_builder(reminders=(), **{"schedule": schedule} if schedule else {})
        core = BookingCore.assemble(
            unit_of_work=store,
            calendar=own,
            calendar_notices=calendar_notices,
            payments=payments,
            payment_notices=payment_notices,
            mailer=mailer,
            mail_writer=mail_writer,
            calendar_files=calendar_files,
            clock=clock,
            ids=MemoryIds(),
            secret_key=bytes(32),
            public_url="https://booking.test",
            hold_limits=hold_limits,
        )
        with store() as uow:
            uow.builders.save(builder)
            uow.session_types.save(a_session_type(**{"price": PRICE} | changes))
            uow.commit()
        return cls(core, payments, mailer, clock, store, own, [clock.now()])

    # ---- what people do --------------------------------------------------------------------------

    def confirm(self, slot: Slot | None = None, **more: Any) -> Booking:
        return self.core.confirm_booking(
            session_type_id=a_session_type().id,
            slot=slot or a_slot(),
            **{"actor": Actor.anonymous(), "contact": a_contact()} | more,
        )

    def cancel(self, booking: Booking, actor: Actor | None = None) -> Booking:
        return self.core.cancel_booking(booking_id=booking.id, actor=actor or self.client(booking))

    def client(self, booking: Booking) -> Actor:
        token = self.core.manage_key.token(booking.id, booking.token_version)
        return Actor.anonymous(token)

    def comes_back(self, booking: Booking) -> Booking:
        """From the checkout to the booking's page."""
        return self.core.look_at_payment(booking_id=booking.id, actor=self.client(booking))

    def pays_again(self, booking: Booking) -> Booking:
        return self.core.pay_booking(booking_id=booking.id, actor=self.client(booking))

    # ---- time, and what stands then --------------------------------------------------------------

    def work(self, length: timedelta = timedelta(0)) -> None:
        """The job loop for that long: what is due is done, what is late is ended, hourly repairs."""
        end = self.clock.now() + length
        while True:
            self.core.expire_overdue()
            self._repair_hourly()
            while self.core.work_outbox():
                pass
            if self.clock.now() >= end:
                return
            self.clock.advance(min(timedelta(seconds=30), end - self.clock.now()))

    def _repair_hourly(self) -> None:
        if self.clock.now() - self.repaired[-1] >= timedelta(hours=1):
            self.core.settle_unsettled()
            self.repaired.append(self.clock.now())

    def now(self, booking: Booking) -> Booking:
        return self.core.show_booking(booking_id=booking.id, actor=Actor.system())

    def stored_type(self) -> SessionType:
        with self.store(write=False) as uow:
            return uow.session_types.get(a_session_type().id)

    def held(self) -> int:
        """What the builder holds at the provider, in minor units."""
        return sum(standing.held for standing in self.payments.checkouts().values())

    def subjects(self, address: str = "grace@example.org") -> list[str]:
        """The mails to that address, without what they say after the colon."""
        return [mail.subject.partition(":")[0] for mail in self.mailer.sent_to(address)]


def key_of(booking: Booking) -> str:
    """The key of the checkout that the client was last sent to."""
    return booking.payment.attempts[-1].key
