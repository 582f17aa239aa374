"""Totals of a set of lines: exact sums, tax by line, shipping by the value of the goods."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cart.pricing import PriceRules, totals
from server.money import MAX_MINOR, share

RULES = PriceRules(
    tax_rate=Decimal("0.08"),
    tax_rates={"GB": Decimal("0.20"), "JE": Decimal(0)},
    shipping_fee={"USD": Decimal("5.99"), "JPY": Decimal(600)},
    free_shipping_from={"USD": Decimal("50.00"), "JPY": Decimal(5000)},
)
LINES = st.lists(st.integers(1, MAX_MINOR * 10**6), max_size=100)


@given(lines=LINES, country=st.sampled_from([None, "US", "GB", "JE"]))
def test_the_parts_always_add_up_to_the_total(lines: list[int], country: str | None) -> None:
    cost = totals(lines, "USD", country, RULES)
    assert cost.total == cost.subtotal - cost.discount + cost.tax + cost.shipping
    assert cost.subtotal == sum(lines)
    assert min(cost.subtotal, cost.discount, cost.tax, cost.shipping, cost.total) >= 0


@given(lines=LINES)
def test_no_cart_of_valid_prices_outgrows_64_bits(lines: list[int]) -> None:
    rules = PriceRules(Decimal(1), {}, RULES.shipping_fee, RULES.free_shipping_from)
    assert totals([2 * line for line in lines], "USD", None, rules).total < 2**63


@given(lines=LINES)
def test_tax_is_the_sum_of_the_shares_of_the_lines(lines: list[int]) -> None:
    assert totals(lines, "USD", None, RULES).tax == sum(share(line, Decimal("0.08")) for line in lines)


def test_tax_is_rounded_on_each_line_and_not_on_the_sum() -> None:
    # 8 % of 0.07 is 0.0056: a cent each, while 8 % of 0.21 would round to two cents.
    assert totals([7, 7, 7], "USD", None, RULES).tax == 3


@pytest.mark.parametrize(
    ("country", "tax"), [(None, 80), ("US", 80), ("GB", 200), ("JE", 0), ("", 80), ("gb", 80)]
)
def test_the_country_decides_on_the_tax_rate(country: str | None, tax: int) -> None:
    assert totals([1000], "USD", country, RULES).tax == tax


@pytest.mark.parametrize(
    ("lines", "currency", "shipping"),
    [
        ([4999], "USD", 599),
        ([5000], "USD", 0),
        ([2500, 2499], "USD", 599),
        ([2500, 2500], "USD", 0),
        ([4999], "JPY", 600),
        ([5000], "JPY", 0),
        ([1], "SEK", 0),
    ],
)
def test_shipping_is_free_from_a_value_of_the_goods(lines: list[int], currency: str, shipping: int) -> None:
    assert totals(lines, currency, None, RULES).shipping == shipping


def test_nothing_costs_nothing() -> None:
    assert totals([], "USD", None, RULES).total == 0
