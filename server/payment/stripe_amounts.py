"""Amounts as Stripe counts them (docs.stripe.com/currencies): ISO 4217's minor units, with exceptions."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from server.money import Money, decimals

_DECIMALS: Final = {"ISK": 2, "UGX": 2, "MGA": 0}
"""The decimals of Stripe's amounts, where ISO 4217 has others."""
_THREE_DECIMALS: Final = 3


def to_stripe(money: Money) -> int:
    """What to send Stripe for an amount. Raises ValueError for one that is finer than Stripe takes."""
    amount = money.amount.scaleb(_decimals(money.currency))
    # Of three decimals the last must be 0: the banks behind Stripe have two.
    step = 10 if _decimals(money.currency) == _THREE_DECIMALS else 1
    if amount % step:
        raise ValueError(f"Stripe takes no amounts as fine as {money}")
    return int(amount)


def from_stripe(amount: int, currency: str) -> Money:
    """The amount that Stripe means. Raises ValueError for one that is finer than our minor units."""
    code = currency.upper()
    minor = Decimal(amount).scaleb(decimals(code) - _decimals(code))
    if minor % 1:
        raise ValueError(f"{amount} of Stripe's {code} is finer than {code} is")
    return Money(int(minor), code)


def _decimals(currency: str) -> int:
    return _DECIMALS.get(currency, decimals(currency))
