from __future__ import annotations

from abc import abstractmethod
from enum import StrEnum
from typing import Protocol

from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.session_type import SessionType
from booking_core.ports.mailer import Attachment


class CalendarMethod(StrEnum):
    """What a calendar program shall do with the entry (RFC 5546)."""

    REQUEST = "REQUEST"  # add it, or bring it up to date
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"  # a plain copy, to download


class CalendarFiles(Protocol):
    """Writes a booking as a file that its reader's own calendar understands (RFC 5545)."""

    @abstractmethod
    def write(
        self,
        *,
        booking: Booking,
        session_type: SessionType,
        builder: Builder,
        method: CalendarMethod,
    ) -> Attachment:
        """The file. All files of a booking mean one entry, and a later one replaces an earlier one.

        The same booking always gives the same file. The booking has a slot.
        """
