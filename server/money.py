"""Money in integer minor units, and the one rule of rounding: half-up, to the minor unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

MAX_MINOR = 10**10
"""The largest price: a hundred million units of a two-decimal currency.

A cart of 100 lines of two million units at this price, tax included, still fits into 64 bits: nothing that is
computed from valid prices can overflow.
"""

_DECIMALS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    # An amount that names no currency may be as fine as any.
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", ""], 3),
}

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN
    BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW
    KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES
    VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_CURRENCIES = frozenset(_CODES.split())
"""The currencies of ISO 4217 that people pay with: no metals, funds or test codes."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency; "" stands for whichever is meant."""

    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The amount in units: 12.99."""
        return Decimal(self.minor).scaleb(-decimals(self.currency))

    def agrees_with(self, other: Money) -> bool:
        """Whether both are the same amount; one that names no currency is taken to be in `other`'s."""
        return self.amount == other.amount and self.currency in ("", other.currency)

    def in_currency(self, currency: str) -> Money:
        """The same amount in `currency`, rounded to its minor unit; for one that names no currency."""
        return self if self.currency else Money(to_minor(self.amount, currency), currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}".rstrip()


def decimals(currency: str) -> int:
    """How many decimals the minor unit of `currency` has (ISO 4217)."""
    return _DECIMALS.get(currency, 2)


def is_currency(code: str) -> bool:
    """Whether `code` is a currency's (ISO 4217), in upper case."""
    return code in _CURRENCIES


def round_half_up(amount: Decimal) -> int:
    """The whole number nearest to `amount`, halves away from zero."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(amount: Decimal, currency: str) -> int:
    """`amount` in units as minor units of `currency`, rounded half-up."""
    return round_half_up(amount.scaleb(decimals(currency)))


def to_minor_from(amount: Decimal, currency: str) -> int:
    """The least minor units that are not below `amount` units."""
    return int(amount.scaleb(decimals(currency)).to_integral_value(ROUND_CEILING))


def to_minor_up_to(amount: Decimal, currency: str) -> int:
    """The most minor units that are not above `amount` units."""
    return int(amount.scaleb(decimals(currency)).to_integral_value(ROUND_FLOOR))


def share(minor: int, rate: Decimal) -> int:
    """The share `rate` of an amount, rounded half-up to the minor unit."""
    return round_half_up(minor * rate)


def share_bp(minor: int, basis_points: int) -> int:
    """A share in basis points (hundredths of a percent) of an amount not below zero, rounded half-up."""
    return (minor * basis_points + 5_000) // 10_000
