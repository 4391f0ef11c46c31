"""The mail that lets its reader sign in."""

from __future__ import annotations

import pytest

from adapters.mail_templates import TemplateMailWriter
from booking_core import Language, SignInLetter
from tests.unit.mail.test_mail_templates import read

URL = "https://booking.test/signin#link=secret"


@pytest.mark.parametrize(
    ("language", "subject", "text"),
    [
        (Language.ENGLISH, "Sign in", "It works once, within 15 minutes."),
        (Language.GERMAN, "Anmelden", "Er gilt einmal und 15 Minuten lang."),
    ],
)
def test_it_says_the_same_in_both_forms_in_the_readers_language(
    language: Language, subject: str, text: str
) -> None:
    letter = SignInLetter(key="k", to="grace@example.org", language=language, url=URL, minutes=15)
    mail = TemplateMailWriter().write_sign_in(letter=letter)
    html = read(mail.html)
    assert mail.subject == subject
    assert text in mail.text
    assert text in html.words
    assert html.links == [URL]


def test_no_two_lines_of_it_are_blank() -> None:
    letter = SignInLetter(
        key="k", to="grace@example.org", language=Language.ENGLISH, url=URL, minutes=15
    )
    assert "\n\n\n" not in TemplateMailWriter().write_sign_in(letter=letter).text
