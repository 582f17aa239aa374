"""Stripe's amounts: what is sent means to Stripe what it means to us, in every currency with ways of its own."""

from __future__ import annotations

import pytest
from support import stripe_double

from server.money import Money, decimals
from server.payment.stripe_amounts import from_stripe, to_stripe
from server.settings.payment import TOO_FINE_FOR_STRIPE

CURRENCIES = [
    *("USD", "EUR", "INR", "HUF", "TWD", "ISK", "UGX", "MGA", "JPY", "KRW", "VND", "CLP", "XAF", "XPF"),
    *("BHD", "JOD", "KWD", "OMR", "TND"),
]


@pytest.mark.parametrize("currency", CURRENCIES)
@pytest.mark.parametrize("units", [0, 1, 5000, 999_999])
def test_stripe_understands_what_we_mean(currency: str, units: int) -> None:
    money = Money(units * 10 ** decimals(currency), currency)
    sent = to_stripe(money)
    assert stripe_double.value(sent, currency) == units
    assert from_stripe(sent, currency.lower()) == money


@pytest.mark.parametrize("currency", CURRENCIES)
def test_an_amount_that_stripe_does_not_take_is_never_sent(currency: str) -> None:
    least = Money(1, currency)
    if currency in TOO_FINE_FOR_STRIPE:
        with pytest.raises(ValueError, match=currency):
            to_stripe(least)
    else:
        assert stripe_double.value(to_stripe(least), currency) == least.amount


def test_what_stripe_says_is_never_rounded() -> None:
    with pytest.raises(ValueError, match="ISK"):
        from_stripe(150, "isk")
