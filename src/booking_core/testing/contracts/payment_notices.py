"""What reading a payment provider's notices promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from booking_core.domain.errors import UntrustedNotice
from booking_core.domain.ids import BookingId
from booking_core.ports.payment_notices import PaymentNotice, PaymentNoticeReader

_ONE, _OTHER = BookingId("bkg_one"), BookingId("bkg_other")
_HOUR = timedelta(hours=1)

#: What is posted: a body and its headers.
Posted = tuple[bytes, Mapping[str, str]]


class NoticeSender(Protocol):
    """Plays the provider. What it posts counts as not delivered until somebody answers it."""

    def about(self, booking_id: BookingId) -> Posted:
        """Money of that booking moves."""

    def about_nothing_of_ours(self) -> Posted:
        """Something else happens, such as a payment of another system at the same account."""


class PaymentNoticeReaderContract:
    """Needs `reader`, and `sender` to play the provider that posts."""

    def test_a_notice_says_whose_money_moved(
        self, reader: PaymentNoticeReader, sender: NoticeSender
    ) -> None:
        for booking_id in (_ONE, _OTHER):
            assert _read(reader, sender.about(booking_id)).booking_id == booking_id

    def test_a_repeat_is_known_by_its_message_id(
        self, reader: PaymentNoticeReader, sender: NoticeSender
    ) -> None:
        posted = sender.about(_ONE)
        first, again, other = (_read(reader, each) for each in (posted, posted, sender.about(_ONE)))
        assert first == again
        assert first.message_id != other.message_id

    def test_the_case_of_header_names_means_nothing(
        self, reader: PaymentNoticeReader, sender: NoticeSender
    ) -> None:
        body, headers = sender.about(_ONE)
        for case in (str.lower, str.upper, str.title):
            written = {case(name): value for name, value in headers.items()}
            assert _read(reader, (body, written)).booking_id == _ONE

    def test_what_is_not_about_a_booking_is_no_notice(
        self, reader: PaymentNoticeReader, sender: NoticeSender
    ) -> None:
        body, headers = sender.about_nothing_of_ours()
        assert reader.read(body=body, headers=headers) is None

    def test_what_does_not_prove_where_it_comes_from_is_refused(
        self, reader: PaymentNoticeReader, sender: NoticeSender
    ) -> None:
        body, headers = sender.about(_ONE)
        other_body, other_headers = sender.about(_OTHER)
        for hostile in (
            (body, {}),
            (b"", headers),
            (body + b" ", headers),
            (body.replace(_ONE.encode(), _OTHER.encode()), headers),
            (body, other_headers),
            (other_body, headers),
            (b"\xff\xfe\x00", headers),
        ):
            with pytest.raises(UntrustedNotice):
                reader.read(body=hostile[0], headers=hostile[1])

    def test_what_was_not_delivered_can_be_caught_up_with_oldest_first(
        self, reader: PaymentNoticeReader, sender: NoticeSender
    ) -> None:
        posted = [_read(reader, sender.about(each)) for each in (_ONE, _OTHER, _ONE)]
        missed = list(reader.missed(since=datetime.now(UTC) - _HOUR))
        assert [notice for notice in missed if notice in posted] == posted
        assert {notice.booking_id for notice in missed} == {_ONE, _OTHER}
        assert list(reader.missed(since=datetime.now(UTC) + _HOUR)) == []


def _read(reader: PaymentNoticeReader, posted: Posted) -> PaymentNotice:
    notice = reader.read(body=posted[0], headers=posted[1])
    assert notice is not None
    return notice
