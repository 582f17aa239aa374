"""Amounts: half-up to the minor unit, and the same on both sides of the wire."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from google.type.money_pb2 import Money as MoneyMessage
from hypothesis import given
from hypothesis import strategies as st

from server.errors import InvalidMoney
from server.money import MAX_MINOR, Money, decimals, round_half_up, share, to_minor
from server.rpc.wire import money_from_wire, money_to_wire

CURRENCIES = st.sampled_from(["JPY", "USD", "KWD"])


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.5", 1),
        ("1.5", 2),
        ("2.5", 3),
        ("2.4999999", 2),
        ("-0.5", -1),
        ("-2.5", -3),
        ("-2.4", -2),
        ("0", 0),
    ],
)
def test_halves_are_rounded_away_from_zero(amount: str, rounded: int) -> None:
    assert round_half_up(Decimal(amount)) == rounded


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.995", "USD", 1300),
        ("12.994", "USD", 1299),
        ("12.5", "JPY", 13),
        ("12.4", "JPY", 12),
        ("1.2345", "KWD", 1235),
        ("1.2344", "KWD", 1234),
    ],
)
def test_an_amount_is_rounded_to_the_minor_unit_of_its_currency(
    amount: str, currency: str, minor: int
) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(1299, "USD"), "12.99 USD"),
        (Money(5, "USD"), "0.05 USD"),
        (Money(1299, "JPY"), "1299 JPY"),
        (Money(1299, "KWD"), "1.299 KWD"),
    ],
)
def test_money_reads_with_the_decimals_of_its_currency(money: Money, text: str) -> None:
    assert str(money) == text


@given(minor=st.integers(0, MAX_MINOR * 10**8), basis_points=st.integers(0, 10_000))
def test_a_share_is_never_further_than_half_a_minor_unit_from_the_exact_one(
    minor: int, basis_points: int
) -> None:
    exact = Fraction(minor * basis_points, 10_000)
    assert -Fraction(1, 2) <= exact - share(minor, Decimal(basis_points) / 10_000) < Fraction(1, 2)


@given(minor=st.integers(0, MAX_MINOR), currency=CURRENCIES)
def test_a_price_survives_the_wire_both_ways(minor: int, currency: str) -> None:
    message = money_to_wire(minor, currency)
    assert 0 <= message.nanos < 10**9
    assert money_from_wire(message, "price", currency=currency) == Money(minor, currency)


@given(minor=st.integers(-(10**18), 10**18), currency=CURRENCIES)
def test_an_amount_on_the_wire_is_exactly_the_one_in_minor_units(minor: int, currency: str) -> None:
    message = money_to_wire(minor, currency)
    assert message.units * message.nanos >= 0, "units and nanos have one sign"
    exact = message.units + Fraction(message.nanos, 10**9)
    assert exact * 10 ** decimals(currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency"), [(1679, "USD"), (1500, "JPY"), (16_795, "KWD"), (0, "GBP"), (100, "GBP")]
)
def test_an_amount_without_a_currency_agrees_with_itself_in_any(minor: int, currency: str) -> None:
    total = Money(minor, currency)
    sent = money_to_wire(minor, currency)
    sent.currency_code = ""
    nameless = money_from_wire(sent, "expected_total", currency="")
    assert nameless.agrees_with(total)
    assert total.agrees_with(total)
    assert not total.agrees_with(Money(minor + 1, currency))
    assert not nameless.agrees_with(Money(minor + 1, currency))
    assert not Money(minor, "EUR").agrees_with(total)
    assert " " not in str(nameless)


@pytest.mark.parametrize("code", ["", "USD", "usd"])
def test_the_shops_currency_may_be_left_out_and_written_in_any_case(code: str) -> None:
    sent = MoneyMessage(currency_code=code, units=1, nanos=10_000_000)
    assert money_from_wire(sent, "price", currency="USD") == Money(101, "USD")


@pytest.mark.parametrize(
    ("sent", "currency", "problem"),
    [
        (MoneyMessage(currency_code="EUR", units=1), "USD", "must be in USD"),
        (MoneyMessage(units=-1), "USD", "must not be negative"),
        (MoneyMessage(nanos=-10_000_000), "USD", "must not be negative"),
        (MoneyMessage(units=1, nanos=-10_000_000), "USD", "must not be negative"),
        (MoneyMessage(units=1, nanos=1_000_000), "USD", "USD has 2 decimals"),
        (MoneyMessage(units=1, nanos=500_000_000), "JPY", "JPY has 0 decimals"),
        (MoneyMessage(units=1, nanos=100_000), "KWD", "KWD has 3 decimals"),
        (MoneyMessage(nanos=2 * 10**9), "USD", "USD has 2 decimals"),
        (MoneyMessage(units=MAX_MINOR // 100, nanos=10_000_000), "USD", "is too large"),
        (MoneyMessage(units=2**63 - 1), "USD", "is too large"),
    ],
)
def test_what_is_no_price_is_refused_with_the_field_and_the_problem(
    sent: MoneyMessage, currency: str, problem: str
) -> None:
    with pytest.raises(InvalidMoney) as caught:
        money_from_wire(sent, "product.price", currency=currency)
    assert caught.value.violations == (("product.price", problem, "INVALID_MONEY"),)
    assert str(caught.value) == f"product.price: {problem}."
