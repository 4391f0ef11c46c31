from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.session_type import SessionType
from booking_core.ports.mail_writer import Reader
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
        reader: Reader,
        at: datetime,
        guest: str = "",
    ) -> Attachment:
        """The file for that reader's calendar, written at that moment.

        `guest` is the address of the guest who reads it; guests are not told of each other, nor where
        the booking is shown.

        All files of a booking mean one entry, and a later one replaces an earlier one. The same facts
        always give the same file. The booking has a slot.
        """
