"""What readers find in their mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files
from itertools import product

import pytest
from attrs import evolve

from adapters.mail_templates import TemplateMailWriter
from adapters.mail_templates.phrases import phrases
from booking_core import (
    Answer,
    BookingState,
    CancellationPolicy,
    Contact,
    Details,
    Language,
    LetterKind,
    Money,
    MoneyFate,
    OwnReason,
    PaymentStatus,
    Reader,
    RefundStep,
    exponent,
    in_english,
)
from booking_core.application.letters import OCCASIONS
from booking_core.domain.money import _EXPONENTS
from booking_core.testing.examples import an_attempt
from tests.unit.mail.letters import a_letter, about

PHRASES = files("adapters.mail_templates").joinpath("phrases")
WRITER = TemplateMailWriter()
WRITTEN = sorted(
    {(each.kind, reader) for each in OCCASIONS.values() for reader in each.readers}
    | set(product([LetterKind.REMINDER], Reader))
)
C, B = Reader.CLIENT, Reader.BUILDER


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


def read(html: str | None) -> _Text:
    text = _Text()
    text.feed(html or "")
    return text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("kind", "reader"), WRITTEN)
def test_every_mail_can_be_written_and_says_the_same_in_both_forms(
    kind: LetterKind, reader: Reader, language: Language
) -> None:
    letter = a_letter(kind, reader, language)
    mail = WRITER.write(letter=letter)
    other = letter.booking.client.contact if reader is B else letter.builder
    assert mail == WRITER.write(letter=letter)
    assert (mail.key, mail.reply_to) == (letter.key, other.email)
    assert letter.session_type.title in mail.subject
    assert other.name in mail.subject
    html = read(mail.html)
    links = [letter.manage_url] if reader is C else []
    assert html.links == links
    assert all(link in mail.text for link in links)
    assert "script" not in html.tags
    for line in filter(None, mail.text.replace(f":\n{letter.manage_url}", "").split("\n")):
        words = line.partition(": ")[2] or line.partition("? ")[2] or line
        assert words == "--" or words in html.words, line


@pytest.mark.parametrize("language", Language)
def test_no_language_misses_a_phrase(language: Language) -> None:
    assert _names(phrases(language)) == _names(phrases(Language.ENGLISH))


def _names(words: dict[str, object], prefix: str = "") -> set[str]:
    found = set()
    for name, value in words.items():
        found |= _names(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_german_readers_are_always_called_du() -> None:
    said = " ".join(re.findall(r'"(.+)"', PHRASES.joinpath("de.toml").read_text("utf-8")))
    assert re.findall(r"\b(?:Ihr(?:e[mnrs]?)?|Ihnen)\b|\w+[a-z,] Sie\b", said) == []


def test_times_are_told_in_the_readers_zone_and_language() -> None:
    client = WRITER.write(letter=a_letter(language=Language.GERMAN)).text
    assert "Dienstag, 3. März 2026, 05:00 bis 06:00 Uhr (America/New_York, GMT-05:00)" in client
    builder = WRITER.write(letter=a_letter(reader=B)).text
    assert "Tuesday, 3 March 2026" in builder or "Tuesday 3 March 2026" in builder
    assert "Europe/" in builder


@pytest.mark.parametrize(
    ("timezone", "written"),
    [
        ("America/New_York", "Tuesday, March 3, 2026, 5:00\u202fAM to 6:00\u202fAM"),
        ("US/Eastern", "Tuesday, March 3, 2026, 5:00\u202fAM to 6:00\u202fAM"),
        ("Europe/Berlin", "Tuesday, 3 March 2026, 11:00 to 12:00"),
        ("Europe/Kyiv", "Tuesday, 3 March 2026, 12:00 to 13:00"),
        ("UTC", "Tuesday, 3 March 2026, 10:00 to 11:00"),
    ],
    ids=lambda text: text.split()[0],
)
def test_days_and_clocks_are_written_as_where_the_reader_lives(timezone: str, written: str) -> None:
    booking = about(LetterKind.BOOKED)
    booking.client = evolve(
        booking.client, contact=evolve(booking.client.contact, timezone=timezone)
    )
    text = WRITER.write(letter=a_letter(booking=booking)).text
    assert f"{written} ({timezone}" in text


@pytest.mark.parametrize(
    ("language", "label", "was"),
    [
        (
            Language.ENGLISH,
            "Was",
            "December 30, 2026, 5:00\u202fAM (America/New_York, GMT-05:00)",
        ),
        (Language.GERMAN, "Bisher", "30. Dezember 2026, 05:00 Uhr (America/New_York, GMT-05:00)"),
    ],
)
def test_who_is_told_of_a_move_reads_what_the_time_was(
    language: Language, label: str, was: str
) -> None:
    old = datetime(2026, 12, 30, 10, tzinfo=UTC)
    mail = WRITER.write(letter=a_letter(LetterKind.MOVED, C, language, was=old))
    [line] = [line for line in mail.text.split("\n") if line.startswith(f"{label}: ")]
    assert line.endswith(was)
    assert was in read(mail.html).words


def test_the_client_is_told_where_and_what_was_paid() -> None:
    text = WRITER.write(letter=a_letter()).text
    assert "Where: https://meet.example.org/robin" in text
    assert "Price: €50.00, paid" in text
    german = WRITER.write(letter=a_letter(language=Language.GERMAN)).text
    assert "50,00\N{NO-BREAK SPACE}€, bezahlt" in german


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("currency", sorted(_EXPONENTS))
def test_amounts_are_told_to_the_last_decimal_of_their_currency(
    currency: str, language: Language
) -> None:
    booking = about(LetterKind.BOOKED, price=Money(9_876, currency))
    text = WRITER.write(letter=a_letter(language=language, booking=booking)).text
    [line] = [line for line in text.splitlines() if line.startswith(("Price:", "Preis:"))]
    told = {
        0: ("9,876", "9.876"),
        2: ("98.76", "98,76"),
        3: ("9.876", "9,876"),
    }[exponent(currency)]
    assert told[language is Language.GERMAN] in line


def test_the_builder_reads_what_the_client_said_and_the_client_does_not() -> None:
    builder = WRITER.write(letter=a_letter(reader=B)).text
    for words in ("Grace Murray <grace@example.org>", "What is your goal? A new job", "be late"):
        assert words in builder
    assert "What is your goal?" not in WRITER.write(letter=a_letter()).text


@pytest.mark.parametrize(
    ("payment", "client", "builder"),
    [
        ({"to_keep": 0}, "€50.00 goes back to you", "€50.00 goes back to the client"),
        ({"to_keep": 2_000}, "€30.00 goes back to you; €20.00 is kept", "you keep €20.00"),
        ({"to_keep": 5_000}, "€50.00 is kept under the terms", "You keep €50.00"),
        ({"status": PaymentStatus.VOIDED}, "is not taken", "is not taken"),
    ],
)
def test_a_cancellation_says_what_becomes_of_the_money(
    payment: dict[str, object], client: str, builder: str
) -> None:
    booking = about(LetterKind.CANCELLED, **payment)
    told = {
        reader: WRITER.write(letter=a_letter(LetterKind.CANCELLED, reader, booking=booking)).text
        for reader in Reader
    }
    assert client in told[C]
    assert builder in told[B]
    assert "Reason: I am ill" in told[C]


def test_a_refund_says_how_much() -> None:
    assert (
        "refund of €25.00 has been made" in WRITER.write(letter=a_letter(LetterKind.REFUNDED)).text
    )


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (Language.ENGLISH, "has given €25.00 back to you by hand"),
        (Language.GERMAN, "hat dir 25,00\N{NO-BREAK SPACE}€ selbst zurückgegeben"),
    ],
)
def test_what_was_given_back_by_hand_is_told_so(language: Language, sentence: str) -> None:
    letter = a_letter(LetterKind.HANDED_BACK, C, language)
    letter.booking.state = BookingState.CANCELLED
    text = WRITER.write(letter=letter).text
    assert sentence in text
    assert "ten days" not in text


@pytest.mark.parametrize(
    ("language", "this", "in_all"),
    [
        (Language.ENGLISH, "refund of €10.00 has been made", "In all, €25.00 has gone back"),
        (
            Language.GERMAN,
            "Die Erstattung von 10,00\N{NO-BREAK SPACE}€",
            "Insgesamt sind damit 25,00",
        ),
    ],
)
def test_of_several_refunds_each_says_how_much_and_what_it_is_in_all(
    language: Language, this: str, in_all: str
) -> None:
    price = about(LetterKind.REFUNDED).payment.price
    assert price is not None
    for amount, both in ((1_000, True), (2_500, False)):
        refund = evolve(price, amount=amount)
        text = WRITER.write(letter=a_letter(LetterKind.REFUNDED, C, language, refund=refund)).text
        assert (this in text, in_all in text) == (both, both)


@pytest.mark.parametrize(
    ("payment", "client", "builder"),
    [
        ({"to_keep": 0}, "You get back the €50.00", "give €50.00 back, and record"),
        ({"to_keep": 2_000}, "You get back €30.00 of what", "you keep €20.00"),
        ({"to_keep": 5_000, "status": PaymentStatus.PAID}, "€50.00 is kept", "You keep €50.00"),
    ],
)
def test_a_cancellation_says_what_becomes_of_what_was_paid_at_the_meeting(
    payment: dict[str, object], client: str, builder: str
) -> None:
    on_site = {"status": PaymentStatus.REFUND_DUE, "attempts": (), "accepted": None}
    booking = about(LetterKind.CANCELLED, **on_site | payment)
    told = {
        reader: WRITER.write(letter=a_letter(LetterKind.CANCELLED, reader, booking=booking)).text
        for reader in Reader
    }
    assert client in told[C]
    assert builder in told[B]
    assert "bank" not in told[C]


def test_nothing_is_said_of_money_that_was_to_be_paid_at_the_meeting() -> None:
    booking = about(LetterKind.CANCELLED, status=PaymentStatus.VOIDED, attempts=(), accepted=None)
    assert "€" not in WRITER.write(letter=a_letter(LetterKind.CANCELLED, booking=booking)).text


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (PaymentStatus.VOIDED, "Your payment of €50.00 was not taken"),
        (PaymentStatus.REFUND_DUE, "€50.00 goes back to you"),
    ],
)
def test_who_did_not_use_the_link_is_told_what_becomes_of_the_money(
    status: PaymentStatus, told: str
) -> None:
    booking = about(LetterKind.LINK_UNUSED, status=status, to_keep=0, attempts=(an_attempt(),))
    text = WRITER.write(letter=a_letter(LetterKind.LINK_UNUSED, booking=booking)).text
    assert told in text
    assert "in time" not in text


def test_both_are_told_what_is_still_owed_when_a_bank_sends_a_refund_back() -> None:
    owed = {"status": PaymentStatus.REFUND_DUE, "taken": 5_000, "returned": 1_000, "to_keep": 500}
    booking = about(LetterKind.REFUND_SENT_BACK, **owed)
    for reader in (C, B):
        letter = a_letter(LetterKind.REFUND_SENT_BACK, reader, booking=booking)
        assert "€35.00 is still owed" in WRITER.write(letter=letter).text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("fate", MoneyFate)
def test_what_becomes_of_the_money_is_said_in_each_language_to_both(
    fate: MoneyFate, language: Language
) -> None:
    assert {fate.value, f"builder_{fate.value}"} <= set(phrases(language)["money"])


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (Language.ENGLISH, ["€50.00 is reserved", "If you choose none, it is released", "until: "]),
        (
            Language.GERMAN,
            ["ist reserviert", "Wählst du keine, wird der Betrag freigegeben", "bis: "],
        ),
    ],
)
def test_who_has_to_choose_a_time_reads_how_the_money_stands_and_until_when(
    language: Language, sentences: list[str]
) -> None:
    text = WRITER.write(letter=a_letter(LetterKind.CHOOSE_TIME, C, language)).text
    assert [each in text for each in sentences] == [True] * len(sentences)
    paid = about(LetterKind.CHOOSE_TIME, status=PaymentStatus.PAID)
    text = WRITER.write(letter=a_letter(LetterKind.CHOOSE_TIME, C, language, booking=paid)).text
    assert phrases(language)["money"]["has_paid"].partition("{price}")[2] in text


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(Language.ENGLISH, "stays booked"), (Language.GERMAN, "bleibt gebucht")],
)
@pytest.mark.parametrize("reader", [C, B])
def test_a_refund_says_that_the_session_stands_as_long_as_it_does(
    reader: Reader, language: Language, sentence: str
) -> None:
    refund = LetterKind.REFUNDED
    stands, over = about(refund), about(refund)
    over.state = BookingState.CANCELLED
    told = [
        sentence in WRITER.write(letter=a_letter(refund, reader, language, booking=each)).text
        for each in (stands, over)
    ]
    assert told == [True, False]


@pytest.mark.parametrize("reason", OwnReason)
@pytest.mark.parametrize("language", Language)
def test_our_own_reasons_are_told_in_the_readers_language(
    reason: OwnReason, language: Language
) -> None:
    booking = about(LetterKind.CANCELLED)
    booking.cancel_reason = reason.value
    text = WRITER.write(letter=a_letter(LetterKind.CANCELLED, C, language, booking=booking)).text
    assert reason.value not in text
    assert phrases(language)["reasons"][reason.value] in text
    assert (in_english(reason) in text) == (language is Language.ENGLISH)


def test_a_builder_whose_calendar_refuses_for_good_is_told_where_to_look() -> None:
    booking = about(LetterKind.FAILED)
    booking.cancel_reason = OwnReason.CALENDAR_REFUSED.value
    text = WRITER.write(letter=a_letter(LetterKind.FAILED, B, booking=booking)).text
    assert "Look at the event type there" in text
    assert "gone" not in text


def test_what_others_wrote_is_only_ever_text() -> None:
    hostile = '<script>alert(1)</script>"><img src=x onerror=y>'
    booking = about(LetterKind.BOOKED)
    booking.client = evolve(booking.client, contact=Contact(hostile, "evil@example.org"))
    booking.details = Details(answers=(Answer("q", hostile, hostile),), notes=hostile)
    mail = WRITER.write(letter=a_letter(reader=B, booking=booking))
    assert not {"script", "img"} & set(read(mail.html).tags)
    assert "\n" not in mail.subject


TWO_STEPS = CancellationPolicy(
    change_notice=timedelta(hours=12),
    refunds=(RefundStep(timedelta(days=2), 100), RefundStep(timedelta(hours=36), 50)),
)


@pytest.mark.parametrize(
    ("terms", "language", "told"),
    [
        (
            TWO_STEPS,
            Language.ENGLISH,
            "What goes back to you if you cancel: the whole price until 2 days before the start, 50% until "
            "36 hours before the start, nothing later. You can cancel or move it until 12 hours "
            "before the start.",
        ),
        (
            TWO_STEPS,
            Language.GERMAN,
            "Was bei einer Absage an dich zurückgeht: der ganze Preis bis 2 Tage vor Beginn, 50 % bis "
            "36 Stunden vor Beginn, später nichts. Du kannst bis 12 Stunden vor Beginn absagen oder "
            "verschieben.",
        ),
        (CancellationPolicy(), Language.GERMAN, "zurückgeht: der ganze Preis bis zum Beginn."),
        (
            CancellationPolicy(refunds=(RefundStep(timedelta(0), 0),)),
            Language.ENGLISH,
            "If you cancel, nothing goes back to you.",
        ),
    ],
)
@pytest.mark.parametrize("kind", [LetterKind.BOOKED, LetterKind.PAYMENT_ON_ITS_WAY])
def test_the_first_mail_of_a_paid_booking_tells_the_terms(
    kind: LetterKind, terms: CancellationPolicy, language: Language, told: str
) -> None:
    booking = about(kind)
    booking.terms = terms
    mail = WRITER.write(letter=a_letter(kind, language=language, booking=booking))
    assert told in " ".join(mail.text.split())
    assert told in " ".join(read(mail.html).words.split())
    reminder = a_letter(LetterKind.REMINDER, language=language, booking=booking)
    assert told not in " ".join(WRITER.write(letter=reminder).text.split())


def test_who_waits_for_the_bank_reads_until_when() -> None:
    kind, moment = LetterKind.PAYMENT_ON_ITS_WAY, datetime(2026, 3, 9, 9, tzinfo=UTC)
    booking = about(kind)
    booking.deadline = moment
    text = WRITER.write(letter=a_letter(kind, booking=booking)).text
    assert "Awaited until: Monday, March 9, 2026, 5:00\u202fAM" in text
    german = WRITER.write(letter=a_letter(kind, language=Language.GERMAN, booking=booking)).text
    assert "Erwartet bis: Montag, 9. März 2026, 05:00 Uhr" in german


def test_a_mail_offers_to_cancel_only_while_that_is_possible() -> None:
    assert "See, move or cancel the booking" in WRITER.write(letter=a_letter()).text
    late = WRITER.write(letter=a_letter(changeable=False)).text
    assert "cancel the booking" not in late
    assert "See the booking" in late
