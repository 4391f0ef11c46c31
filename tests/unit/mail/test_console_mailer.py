from collections.abc import Callable, Sequence
from io import StringIO

import pytest

from adapters.console_mailer import ConsoleMailer
from booking_core.testing.contracts import MailerContract


class TestConsoleMailer(MailerContract):
    @pytest.fixture
    def mailer(self) -> ConsoleMailer:
        return ConsoleMailer(StringIO())

    @pytest.fixture
    def delivered(self, mailer: ConsoleMailer) -> Callable[[], Sequence[str]]:
        def subjects() -> list[str]:
            assert isinstance(mailer.stream, StringIO)
            lines = mailer.stream.getvalue().splitlines()
            return [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject")]

        return subjects
