"""Both writers of mail and the writer of calendar files keep the promises of their ports."""

import pytest

from adapters.calendar_files import ICalendarFiles
from adapters.mail_templates import TemplateMailWriter
from booking_core.application.plain_mail import PlainMailWriter
from booking_core.testing.contracts import CalendarFilesContract, MailWriterContract


class TestTemplates(MailWriterContract):
    @pytest.fixture
    def writer(self) -> TemplateMailWriter:
        return TemplateMailWriter()


class TestPlainMail(MailWriterContract):
    @pytest.fixture
    def writer(self) -> PlainMailWriter:
        return PlainMailWriter()


class TestCalendarFiles(CalendarFilesContract):
    @pytest.fixture
    def files(self) -> ICalendarFiles:
        return ICalendarFiles("https://booking.test", "Booking <book@example.org>")
