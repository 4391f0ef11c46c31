from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from booking_core.application.read_job import read_job
from booking_core.application.witness import of_place
from booking_core.domain.errors import NotFound
from booking_core.domain.trail import TrailKind
from booking_core.ports.calendar_notices import CalendarNotice, CalendarNoticeReader
from booking_core.ports.clock import Clock
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class HearCalendarNotice:
    """Takes what a calendar provider posts to us: it is noted, and a job reads the event itself.

    Nothing is asked of the provider meanwhile, so it has its answer at once. Repeats are known by
    their message id, and in which order they come makes no difference.
    """

    unit_of_work: UnitOfWorkFactory
    reader: CalendarNoticeReader | None
    clock: Clock

    def __call__(self, *, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether it was news.

        Raises:
            UntrustedNotice: it does not prove that the provider sent it.
            NotFound: the calendar that is set up sends no notices.
        """
        if self.reader is None:
            raise NotFound("webhook")
        notice = self.reader.read(body=body, headers=headers)
        return notice is not None and self._note(notice)

    def _note(self, notice: CalendarNotice) -> bool:
        key = InboxKey("notice:calendar", notice.message_id, "")
        now = self.clock.now()
        with self.unit_of_work() as uow:
            if uow.inbox.open(key=key, now=now) is not None:
                return False
            job = read_job(notice.event_uri, notice.invitee_uri, now)
            uow.outbox.put(job)
            told = {"message": notice.message_id}
            uow.trail.add(
                [of_place(uow, job.booking_id, TrailKind.NOTICE, "calendar", at=now, **told)]
            )
            uow.inbox.answer(key=key, answer={"event": notice.event_uri})
            uow.commit()
        return True
