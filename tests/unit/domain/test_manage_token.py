import pytest

from booking_core import BookingId, ManageKey

KEY = ManageKey(b"k" * 32)
BOOKING = BookingId("bkg_1")


def test_a_token_opens_its_own_booking() -> None:
    assert KEY.opens(KEY.token(BOOKING, 1), BOOKING, 1)


def test_the_same_token_can_be_shown_again_later() -> None:
    assert KEY.token(BOOKING, 1) == ManageKey(b"k" * 32).token(BOOKING, 1)


def test_a_token_opens_no_other_booking() -> None:
    assert not KEY.opens(KEY.token(BOOKING, 1), BookingId("bkg_2"), 1)


def test_raising_the_version_revokes_the_tokens_before_it() -> None:
    assert not KEY.opens(KEY.token(BOOKING, 1), BOOKING, 2)


def test_a_token_made_with_another_secret_opens_nothing() -> None:
    assert not KEY.opens(ManageKey(b"x" * 32).token(BOOKING, 1), BOOKING, 1)


@pytest.mark.parametrize("token", [None, "", "bkg_1", "ä" * 43, "\ud800"])
def test_whatever_is_no_token_opens_nothing(token: str | None) -> None:
    assert not KEY.opens(token, BOOKING, 1)


def test_version_and_id_cannot_be_shifted_into_each_other() -> None:
    assert KEY.token(BookingId("1:x"), 1) != KEY.token(BookingId("x"), 11)


def test_a_token_fits_into_an_address() -> None:
    token = KEY.token(BOOKING, 1)
    assert token.replace("-", "").replace("_", "").isalnum()


def test_the_secret_is_not_shown() -> None:
    assert "k" * 32 not in repr(KEY)
