from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_core import InvalidRequest, Money


@pytest.mark.parametrize(
    ("money", "major", "text"),
    [
        (Money(1_999, "EUR"), Decimal("19.99"), "19.99 EUR"),
        (Money(1_999, "JPY"), Decimal("1999"), "1999 JPY"),
        (Money(1_999, "KWD"), Decimal("1.999"), "1.999 KWD"),
        (Money(5, "USD"), Decimal("0.05"), "0.05 USD"),
    ],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(
    money: Money, major: Decimal, text: str
) -> None:
    assert (money.decimal(), str(money)) == (major, text)


@pytest.mark.parametrize("amount", [-1, 1.0, "100", True, None])
def test_only_whole_minor_units_from_zero_on_are_an_amount(amount: object) -> None:
    with pytest.raises(InvalidRequest) as wrong:
        Money(amount, "EUR")  # type: ignore[arg-type]
    assert wrong.value.errors[0].pointer == "/price/amount"


@pytest.mark.parametrize("currency", ["eur", "EURO", "", "XXX", "BTC"])
def test_only_currencies_of_iso_4217_are_known(currency: str) -> None:
    with pytest.raises(InvalidRequest) as wrong:
        Money(1, currency)
    assert wrong.value.errors[0].pointer == "/price/currency"


def test_a_share_is_rounded_down_to_a_whole_unit() -> None:
    assert Money(999, "EUR").percent(50) == Money(499, "EUR")


@given(st.integers(0, 10**12), st.integers(0, 100))
def test_a_share_is_never_more_than_the_whole(amount: int, percent: int) -> None:
    assert 0 <= Money(amount, "EUR").percent(percent).amount <= amount


def test_equal_amounts_of_two_currencies_are_different_money() -> None:
    assert Money(1, "EUR") != Money(1, "USD")
