"""What putting a letter into words promises."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from attrs import evolve

from booking_core.application.letters import OCCASIONS
from booking_core.domain.booking import Booking, CalendarEvent, Details
from booking_core.domain.contact import Contact
from booking_core.domain.language import Language
from booking_core.domain.questions import Answer
from booking_core.domain.session_type import Location, LocationKind
from booking_core.domain.transitions import BookingState
from booking_core.ports.mail_writer import (
    Letter,
    LetterKind,
    MailWriter,
    Reader,
    SignInLetter,
)
from booking_core.testing.examples import (
    a_booking,
    a_builder,
    a_contact,
    a_paid_booking,
    a_session_type,
)

_ENDS = {
    LetterKind.CANCELLED: BookingState.CANCELLED,
    LetterKind.CALLED_OFF: BookingState.CANCELLED,
    LetterKind.CHOOSE_TIME: BookingState.AWAITING_SCHEDULING,
    LetterKind.FAILED: BookingState.FAILED,
    LetterKind.PAYMENT_FAILED: BookingState.EXPIRED,
    LetterKind.PAYMENT_TAKEN_BACK: BookingState.EXPIRED,
    LetterKind.EXPIRED: BookingState.EXPIRED,
    LetterKind.AUTHORISED_TOO_LATE: BookingState.EXPIRED,
    LetterKind.PAID_TOO_LATE: BookingState.EXPIRED,
}
#: Every mail that is ever written, and for whom.
_LETTERS = sorted(
    {(each.kind, reader) for each in OCCASIONS.values() for reader in each.readers}
    | set(product([LetterKind.REMINDER], Reader))
)
_SIGN_IN = "https://booking.test/signin#link=secret"
_WITH_PLACE = (
    LetterKind.BOOKED,
    LetterKind.JOIN_LINK,
    LetterKind.MOVED,
    LetterKind.REMINDER,
)
_JOIN = "https://meet.test/j/1"
_URL = "https://booking.test/bookings/bkg_1#token=secret"
_URLS = {Reader.CLIENT: _URL, Reader.BUILDER: _URL.partition("#")[0], Reader.GUEST: ""}
_GUESTS = ("bea@example.org", "cy@example.org")
_HOSTILE = "An hour\r\nBcc: evil@example.org\n<script>alert(1)</script>"


class MailWriterContract:
    """Needs `writer`."""

    @pytest.mark.parametrize("paid", [True, False])
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize(("kind", "reader"), _LETTERS)
    def test_every_letter_becomes_a_mail_to_its_reader(
        self, writer: MailWriter, kind: LetterKind, reader: Reader, language: Language, paid: bool
    ) -> None:
        letter = _letter(kind, reader, booking=_about(kind, paid), language=language)
        mail = writer.write(letter=letter)
        client, builder = letter.booking.client.contact, letter.builder
        to = {Reader.CLIENT: client.email, Reader.BUILDER: builder.email, Reader.GUEST: _GUESTS[0]}
        other = client if reader is Reader.BUILDER else builder
        assert (mail.key, mail.to, mail.reply_to) == (letter.key, to[reader], other.email)
        assert letter.session_type.title in mail.subject
        assert other.name in f"{mail.subject} {mail.text}"

    @pytest.mark.parametrize(("kind", "reader"), _LETTERS)
    def test_the_same_letter_gives_the_same_mail(
        self, writer: MailWriter, kind: LetterKind, reader: Reader
    ) -> None:
        first, again = (writer.write(letter=_letter(kind, reader)) for _ in range(2))
        assert first == again

    @pytest.mark.parametrize(("kind", "reader"), _LETTERS)
    def test_the_client_is_told_where_to_change_the_booking(
        self, writer: MailWriter, kind: LetterKind, reader: Reader
    ) -> None:
        mail = writer.write(letter=_letter(kind, reader))
        assert (_URL in mail.text) is (reader is Reader.CLIENT)

    @pytest.mark.parametrize("language", Language)
    def test_a_sign_in_mail_has_the_link_and_says_how_long_it_works(
        self, writer: MailWriter, language: Language
    ) -> None:
        letter = SignInLetter(
            key="mail:1", to="grace@example.org", language=language, url=_SIGN_IN, minutes=15
        )
        mail = writer.write_sign_in(letter=letter)
        assert (mail.key, mail.to, mail.reply_to) == (letter.key, letter.to, None)
        assert _SIGN_IN in mail.text
        assert "15" in mail.text
        assert mail.html is None or _SIGN_IN in mail.html
        assert "secret" not in repr(letter) + mail.subject

    @pytest.mark.parametrize(
        ("timezone", "clock"),
        [("UTC", "10:00"), ("Asia/Kathmandu", "3:45|15:45"), ("Asia/Tokyo", "7:00|19:00")],
    )
    @pytest.mark.parametrize("reader", Reader)
    def test_times_are_told_in_the_zone_of_the_letter(
        self, writer: MailWriter, reader: Reader, timezone: str, clock: str
    ) -> None:
        text = writer.write(letter=_letter(LetterKind.BOOKED, reader, timezone=timezone)).text
        assert any(each in text for each in clock.split("|"))
        assert "2026" in text

    @pytest.mark.parametrize("reader", Reader)
    def test_who_is_told_of_a_move_reads_the_old_time_as_well(
        self, writer: MailWriter, reader: Reader
    ) -> None:
        old = datetime(2025, 12, 30, 23, 15, tzinfo=UTC)
        letter = _letter(LetterKind.MOVED, reader, timezone="Asia/Tokyo", was=old)
        text = writer.write(letter=letter).text
        assert "31 December 2025" in text
        assert "8:15" in text
        assert "2025" not in writer.write(letter=evolve(letter, was=None)).text

    @pytest.mark.parametrize(
        ("kind", "reader"), [each for each in _LETTERS if each[0] in _WITH_PLACE]
    )
    def test_where_the_session_is_joined_is_the_address_that_was_made_for_it(
        self, writer: MailWriter, kind: LetterKind, reader: Reader
    ) -> None:
        booking = a_booking(BookingState.CONFIRMED)
        event = CalendarEvent("account", "1", "https://calendar.test/1", join_url=_JOIN)
        booking.details = Details(location=Location(LocationKind.ADDRESS, "Agreed before"))
        for stands_at, place in ((None, "Agreed before"), (event, _JOIN)):
            booking.event = stands_at
            text = writer.write(letter=_letter(kind, reader, booking=booking)).text
            assert place in text
            assert ("Agreed before" in text) is (stands_at is None)

    def test_the_builder_reads_who_booked_and_what_the_client_said(
        self, writer: MailWriter
    ) -> None:
        said = Details(
            answers=(Answer("q", "A new job", "What for?"),),
            notes="I may be late.",
            guests=_GUESTS,
        )
        booking = a_booking(BookingState.CONFIRMED, details=said)
        text = writer.write(letter=_letter(reader=Reader.BUILDER, booking=booking)).text
        for words in (a_contact().name, a_contact().email, "What for?", "A new job", "be late"):
            assert words in text
        assert all(guest in text for guest in _GUESTS)

    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("kind", [kind for kind, reader in _LETTERS if reader is Reader.GUEST])
    def test_a_guest_reads_who_brings_it_and_nothing_else_that_is_the_clients(
        self, writer: MailWriter, kind: LetterKind, language: Language
    ) -> None:
        booking = _about(kind, paid=True)
        booking.details = Details(
            answers=(Answer("q", "A new job", "What for?"),),
            notes="I may be late.",
            guests=_GUESTS,
        )
        booking.cancel_reason = "My cat is ill."
        letter = _letter(kind, Reader.GUEST, booking=booking, language=language)
        mail = writer.write(letter=letter)
        said = f"{mail.subject}\n{mail.text}\n{mail.html or ''}"
        assert a_contact().name in mail.text
        for unsaid in (
            "A new job",
            "What for",
            "late",
            "cat",
            "50.00",
            "50,00",
            _GUESTS[1],
            "/bookings/",
        ):
            assert unsaid not in said
        assert a_contact().email not in said

    @pytest.mark.parametrize("reader", Reader)
    def test_what_people_wrote_is_only_ever_text(self, writer: MailWriter, reader: Reader) -> None:
        booking = a_booking(
            BookingState.CONFIRMED,
            details=Details(answers=(Answer("q", _HOSTILE, _HOSTILE),), notes=_HOSTILE),
        )
        evil = Contact(_HOSTILE, "evil@example.org")
        booking.client = evolve(booking.client, contact=evil)
        titled = a_session_type(title=" ".join(_HOSTILE.split()))  # which is one line
        letter = _letter(reader=reader, booking=booking, session_type=titled)
        mail = writer.write(letter=letter)
        assert mail.subject.isprintable()
        assert "<script" not in (mail.html or "")


def _about(kind: LetterKind, paid: bool) -> Booking:
    state = _ENDS.get(kind, BookingState.CONFIRMED)
    return a_paid_booking(state) if paid else a_booking(state)


def _letter(
    kind: LetterKind = LetterKind.BOOKED, reader: Reader = Reader.CLIENT, **changes: Any
) -> Letter:
    defaults: dict[str, Any] = {
        "key": f"mail:{kind}:{reader}",
        "kind": kind,
        "reader": reader,
        "booking": _about(kind, paid=True),
        "session_type": a_session_type(),
        "builder": a_builder(),
        "language": Language.ENGLISH,
        "timezone": "Europe/Berlin",
        "manage_url": _URLS[reader],
        "guest": _GUESTS[0] if reader is Reader.GUEST else "",
    }
    return Letter(**defaults | changes)
