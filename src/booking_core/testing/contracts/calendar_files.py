"""What a calendar file promises to the program that reads it (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId
from booking_core.domain.session_type import Location, LocationKind
from booking_core.domain.transitions import BookingState
from booking_core.ports.calendar_files import CalendarFiles, CalendarMethod
from booking_core.ports.mail_writer import Reader
from booking_core.ports.mailer import Attachment
from booking_core.testing.examples import NOW, a_booking, a_builder, a_session_type, a_slot

_REQUEST, _CANCEL = CalendarMethod.REQUEST, CalendarMethod.CANCEL
_LONGEST_LINE = 75  # octets
_GUESTS = ("bea@example.org", "cy@example.org")
_HOSTILE = "An hour\r\nATTENDEE:mailto:evil@example.org\nEND:VCALENDAR; with, commas \N{SNOWMAN}"


class CalendarFilesContract:
    """Needs `files`."""

    @pytest.fixture
    def booking(self) -> Booking:
        """A booking that stands."""
        return a_booking(BookingState.CONFIRMED, version=2)

    @pytest.mark.parametrize("method", CalendarMethod)
    def test_a_file_says_what_shall_be_done_with_its_one_entry(
        self, files: CalendarFiles, booking: Booking, method: CalendarMethod
    ) -> None:
        file = _written(files, booking, method)
        assert file.name.endswith(".ics")
        assert file.content_type.startswith("text/calendar")
        assert f"method={method}".casefold() in file.content_type.casefold()
        read = _read(file)
        assert read["METHOD"] == [method.value]
        assert read["BEGIN"] == ["VCALENDAR", "VEVENT"]

    def test_its_lines_are_of_the_form_that_programs_expect(
        self, files: CalendarFiles, booking: Booking
    ) -> None:
        content = _written(files, booking, _REQUEST, wrote=_HOSTILE * 2).content
        *lines, last = content.split(b"\r\n")
        assert last == b""
        assert all(len(line) <= _LONGEST_LINE and b"\n" not in line for line in lines)

    def test_the_entry_has_the_time_of_the_booking(
        self, files: CalendarFiles, booking: Booking
    ) -> None:
        lines = _lines(_written(files, booking, _REQUEST))
        assert _instant(lines, "DTSTART") == a_slot().start
        assert _instant(lines, "DTEND") == a_slot().end

    def test_all_files_of_a_booking_mean_one_entry_and_a_later_one_replaces_an_earlier_one(
        self, files: CalendarFiles, booking: Booking
    ) -> None:
        moved = evolve(booking, slot=a_slot(day=3), version=4)
        gone = evolve(moved, state=BookingState.CANCELLED, version=5)
        read = [
            _read(_written(files, each, method))
            for each, method in ((booking, _REQUEST), (moved, _REQUEST), (gone, _CANCEL))
        ]
        assert len({each["UID"][0] for each in read}) == 1
        numbers = [int(each["SEQUENCE"][0]) for each in read]
        assert numbers == sorted(set(numbers))
        assert read[-1]["STATUS"] == ["CANCELLED"]

    def test_another_booking_is_another_entry(self, files: CalendarFiles, booking: Booking) -> None:
        other = evolve(booking, id=BookingId("bkg_other"))
        one, two = (_read(_written(files, each, _REQUEST)) for each in (booking, other))
        assert one["UID"] != two["UID"]

    def test_the_same_booking_gives_the_same_file(
        self, files: CalendarFiles, booking: Booking
    ) -> None:
        first, again = (_written(files, booking, _REQUEST) for _ in range(2))
        assert first == again

    def test_a_file_says_when_it_was_written(self, files: CalendarFiles, booking: Booking) -> None:
        for at in (NOW, NOW + timedelta(days=3)):
            assert _instant(_lines(_written(files, booking, _REQUEST, at=at)), "DTSTAMP") == at

    @pytest.mark.parametrize("method", [_REQUEST, _CANCEL])
    @pytest.mark.parametrize("reader", Reader)
    def test_the_reader_takes_part_and_is_asked_nothing(
        self, files: CalendarFiles, booking: Booking, method: CalendarMethod, reader: Reader
    ) -> None:
        own = {
            Reader.CLIENT: booking.client.contact.email,
            Reader.BUILDER: a_builder().email,
            Reader.GUEST: _GUESTS[0],
        }[reader]
        said = "NEEDS-ACTION" if reader is Reader.GUEST else "ACCEPTED"
        lines = _lines(_written(files, booking, method, reader=reader))
        [part] = [line for line in lines if line.startswith("ATTENDEE") and own in line]
        parameters = part.rpartition(":mailto:")[0].split(";")
        assert {f"PARTSTAT={said}", "ROLE=REQ-PARTICIPANT", "RSVP=FALSE"} <= set(parameters)
        [organizer] = [line for line in lines if line.startswith("ORGANIZER")]
        assert own not in organizer

    @pytest.mark.parametrize("method", [_REQUEST, _CANCEL])
    def test_a_guest_learns_of_no_other_guest_and_not_where_the_booking_is_shown(
        self, files: CalendarFiles, booking: Booking, method: CalendarMethod
    ) -> None:
        text = "".join(_lines(_written(files, booking, method, reader=Reader.GUEST)))
        assert _GUESTS[0] in text
        for unsaid in (_GUESTS[1], "/bookings/", "https://"):
            assert unsaid not in text
        for reader in (Reader.CLIENT, Reader.BUILDER):
            assert "bea@" not in "".join(_lines(_written(files, booking, method, reader=reader)))

    def test_a_plain_copy_has_nobody_taking_part(
        self, files: CalendarFiles, booking: Booking
    ) -> None:
        read = _read(_written(files, booking, CalendarMethod.PUBLISH))
        assert "ATTENDEE" not in read
        assert len(read["ORGANIZER"]) == 1

    def test_what_people_wrote_is_only_ever_text(
        self, files: CalendarFiles, booking: Booking
    ) -> None:
        plain, hostile = (
            _read(_written(files, booking, _REQUEST, wrote=wrote))
            for wrote in ("An hour", _HOSTILE)
        )
        assert {name: len(values) for name, values in plain.items()} == {
            name: len(values) for name, values in hostile.items()
        }
        assert "commas" in hostile["SUMMARY"][0]
        assert plain["ATTENDEE"] == hostile["ATTENDEE"]


def _written(
    files: CalendarFiles,
    booking: Booking,
    method: CalendarMethod,
    wrote: str = "An hour",
    *,
    reader: Reader = Reader.CLIENT,
    at: datetime = NOW,
) -> Attachment:
    """`wrote` is the title, in one line, and the address as it is."""
    place = Location(LocationKind.ADDRESS, wrote)
    return files.write(
        booking=evolve(booking, details=evolve(booking.details, location=place, guests=_GUESTS)),
        session_type=a_session_type(title=" ".join(wrote.split())),
        builder=a_builder(),
        method=method,
        reader=reader,
        at=at,
        guest=_GUESTS[0] if reader is Reader.GUEST else "",
    )


def _lines(file: Attachment) -> list[str]:
    """Its lines, put together again where they were folded."""
    return file.content.decode().replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")


def _read(file: Attachment) -> dict[str, list[str]]:
    """The values of each property by its name, whatever parameters it has."""
    found: dict[str, list[str]] = {}
    for line in filter(None, _lines(file)):
        name, _, value = line.partition(":")
        found.setdefault(name.partition(";")[0], []).append(value)
    return found


def _instant(lines: list[str], name: str) -> datetime:
    """The value of a time, in UTC or with the name of its zone."""
    [line] = [line for line in lines if line.startswith((f"{name}:", f"{name};"))]
    parameters, _, value = line.partition(":")
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    zone = ZoneInfo(parameters.partition("TZID=")[2].partition(";")[0])
    return datetime.strptime(value, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
