"""Money as integer minor units with an ISO 4217 currency; never a float."""

from __future__ import annotations

from decimal import Decimal

from attrs import field, frozen

from booking_core.domain.errors import FieldError, InvalidRequest

_TWO_DECIMALS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER
ZAR ZMW ZWG
"""
_EXPONENTS = (
    dict.fromkeys(_TWO_DECIMALS.split(), 2)
    | dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0)
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
)


def exponent(currency: str) -> int:
    """How many decimals the currency's major unit has (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD.

    Raises:
        InvalidRequest: there is no such currency.
    """
    try:
        return _EXPONENTS[currency]
    except KeyError:
        message = "Unknown currency; use an ISO 4217 code such as EUR."
        raise InvalidRequest(message, [FieldError("/price/currency", message)]) from None


def with_decimals(pattern: str, currency: str) -> str:
    """A number pattern of a locale (CLDR), such as `¤#,##0.00`, with all the decimals of the currency.

    CLDR leaves out those that are hardly seen in cash, so it would round amounts that are paid by card.
    """
    decimals = exponent(currency)
    return pattern.replace("0.00", f"0.{'0' * decimals}" if decimals else "0")


def step(currency: str) -> int:
    """The finest amount that is paid by card, in minor units: elsewhere than in these few it is 1.

    Of three decimals the last one is zero, and Madagascar's money is paid without decimals.
    """
    return _STEPS.get(currency, 10 if exponent(currency) == 3 else 1)


_STEPS = {"MGA": 100}


@frozen(order=False)
class Money:
    """`amount` minor units (cents) of `currency`; never negative."""

    amount: int = field()
    currency: str = field()

    @amount.validator
    def _whole_and_not_negative(self, _: object, amount: int) -> None:
        if type(amount) is not int or amount < 0:
            message = "An amount is a whole number of minor units, zero or more."
            raise InvalidRequest(message, [FieldError("/price/amount", message)])

    @currency.validator
    def _known(self, _: object, currency: str) -> None:
        exponent(currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exact: `Money(1999, "EUR")` is `Decimal("19.99")`."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def percent(self, percent: int) -> Money:
        """That share, rounded down to a whole minor unit."""
        return Money(self.amount * percent // 100, self.currency)

    def __str__(self) -> str:
        return f"{self.decimal():.{exponent(self.currency)}f} {self.currency}"
