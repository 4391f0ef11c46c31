from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import frozen

from booking_core.application.keep import settle_job
from booking_core.application.witness import of_booking
from booking_core.domain.booking import Settle
from booking_core.domain.errors import NotFound, PaymentsUnavailable
from booking_core.domain.trail import TrailKind
from booking_core.ports.clock import Clock
from booking_core.ports.inbox import InboxKey
from booking_core.ports.payment_notices import PaymentNotice, PaymentNoticeReader
from booking_core.ports.unit_of_work import UnitOfWorkFactory

# As long as a provider goes on delivering; less than known notices are remembered.
_CAUGHT_UP = timedelta(days=3)


@frozen
class HearPaymentNotice:
    """Takes what a payment provider posts to us. A notice is a hint: a job looks at the payment itself.

    Repeats are known by their message id, so that each message makes one job.
    """

    unit_of_work: UnitOfWorkFactory
    reader: PaymentNoticeReader | None
    clock: Clock

    def __call__(self, *, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether it was news about a booking of ours.

        Raises:
            UntrustedNotice: it does not prove that the provider sent it.
            PaymentsUnavailable: the payments that are set up send no notices.
        """
        notice = self._reader().read(body=body, headers=headers)
        return notice is not None and self._note(notice)

    def missed(self, *, since: datetime) -> int:
        """Takes what the provider could not deliver since then; how much of it was news (D2)."""
        return sum(self._note(notice) for notice in self._reader().missed(since=since))

    def catch_up(self) -> int:
        """The same of the last days; meant to be called once an hour. Nothing where no notices come."""
        return self.missed(since=self.clock.now() - _CAUGHT_UP) if self.reader else 0

    def _note(self, notice: PaymentNotice) -> bool:
        key = InboxKey("notice:payments", notice.message_id, "")
        now = self.clock.now()
        with self.unit_of_work() as uow:
            if uow.inbox.open(key=key, now=now) is not None:
                return False
            try:
                booking = uow.bookings.get(notice.booking_id)
            except NotFound:  # of another system that shares the account
                return False
            uow.outbox.put(settle_job(booking, Settle.MONEY, now))
            told = {"message": notice.message_id}
            uow.trail.add([of_booking(booking, TrailKind.NOTICE, "payment", at=now, **told)])
            uow.inbox.answer(key=key, answer={"booking": booking.id})
            uow.commit()
        return True

    def _reader(self) -> PaymentNoticeReader:
        if self.reader is None:
            raise PaymentsUnavailable("The payments that are set up send no notices.")
        return self.reader
