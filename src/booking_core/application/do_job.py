from __future__ import annotations

from attrs import frozen

from booking_core.application.read_event import ReadEvent
from booking_core.application.send_mail import SendMail
from booking_core.application.send_sign_in_link import SendSignInLink
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.application.settle_money import SettleMoney
from booking_core.domain.errors import ProviderFailed
from booking_core.ports.outbox import Job, Topic


@frozen
class DoJob:
    """Does one job of the outbox; doing it again, or late, is harmless."""

    settle_calendar: SettleCalendar
    settle_money: SettleMoney
    send_mail: SendMail
    read_event: ReadEvent
    send_sign_in_link: SendSignInLink

    def __call__(self, job: Job) -> None:
        """Raises ProviderFailed when the job has to be tried again."""
        match job.topic:
            case Topic.SETTLE_CALENDAR:
                self.settle_calendar(booking_id=job.booking_id)
            case Topic.SETTLE_MONEY:
                self.settle_money(booking_id=job.booking_id)
            case Topic.SEND_MAIL:
                self.send_mail(job=job)
            case Topic.SEND_SIGN_IN_LINK:
                self.send_sign_in_link(job=job)
            case Topic.READ_EVENT:
                self.read_event(job=job)
            case Topic.UNREADABLE:
                message = f"This version of the service cannot read it: {job.subject}"
                raise ProviderFailed(message, retryable=False)
