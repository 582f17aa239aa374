"""What a set of lines costs: each reduction in its turn, tax by line, shipping by the value of the goods."""

from __future__ import annotations

from decimal import Decimal

import pytest

from server.pricing.prices import CouponRule, Item, Priced, PriceRules, Reductions, portion, price, spread

RULES = PriceRules(
    tax_rate=Decimal("0.08"),
    tax_rates={"GB": Decimal("0.20"), "JE": Decimal(0)},
    shipping_fee={"USD": Decimal("5.99"), "JPY": Decimal(600)},
    free_shipping_from={"USD": Decimal("50.00"), "JPY": Decimal(5000)},
)


def cost(
    *prices: int | tuple[int, int, int],
    currency: str = "USD",
    country: str | None = None,
    tier_bp: int = 0,
    coupon: CouponRule | None = None,
    points: int = 0,
) -> Priced:
    """The price of lines: a price of one unit, or list price, price and quantity."""
    given = [(one, one, 1) if isinstance(one, int) else one for one in prices]
    items = [Item(place, *one) for place, one in enumerate(given, 1)]
    return price(items, currency, country, RULES, Reductions(tier_bp, coupon, points))


def coupon(
    percent_bp: int | None = None,
    amount: int | None = None,
    *,
    at_most: int | None = None,
    minimum: int = 0,
) -> CouponRule:
    """A coupon of these terms."""
    return CouponRule(1, "SAVE", percent_bp, amount, at_most, minimum)


def test_each_reduction_counts_on_what_the_one_before_left() -> None:
    # 100.00 at 80.00 in the sale; 10 % tier: 72.00; 25 % coupon: 54.00; 400 points: 50.00; 8 % tax on that.
    priced = cost((10_000, 8_000, 1), tier_bp=1_000, coupon=coupon(2_500), points=400)
    assert (priced.subtotal, priced.product_discount, priced.tier_discount) == (10_000, 2_000, 800)
    assert (priced.coupon_discount, priced.points_discount, priced.points_redeemed) == (1_800, 400, 400)
    assert (priced.tax, priced.shipping, priced.total) == (400, 0, 5_400)
    assert priced.points_earned == 54


def test_shipping_is_judged_by_what_the_reductions_leave() -> None:
    assert cost(5_000).shipping == 0
    assert cost(5_000, coupon=coupon(amount=1)).shipping == 599
    assert cost(5_000, points=1).shipping == 599
    assert cost((5_100, 4_999, 1)).shipping == 599


def test_a_coupon_is_spread_over_the_lines_by_what_they_still_cost() -> None:
    priced = cost(100, 200, 700, coupon=coupon(amount=101))
    assert [line.coupon_discount for line in priced.lines] == [10, 20, 71]
    assert priced.coupon_discount == 101


@pytest.mark.parametrize(
    ("terms", "off"),
    [
        (coupon(1_000), 200),
        (coupon(1_000, at_most=150), 150),
        (coupon(amount=500), 500),
        (coupon(amount=500, at_most=400), 400),
        (coupon(amount=99_999), 2_000),
        (coupon(10_000), 2_000),
        (coupon(1_000, minimum=2_000), 200),
        (coupon(1_000, minimum=2_001), 0),
    ],
)
def test_a_coupon_takes_off_its_share_or_amount_within_its_bounds(terms: CouponRule, off: int) -> None:
    priced = cost(1_500, 500, coupon=terms)
    assert priced.coupon_discount == off
    assert priced.coupon_short == (1 if terms.min_purchase_minor > 2_000 else 0)


def test_the_minimum_of_a_coupon_counts_what_product_and_tier_leave() -> None:
    terms = coupon(amount=100, minimum=2_000)
    assert cost(2_000, coupon=terms).coupon_discount == 100
    priced = cost(2_000, coupon=terms, tier_bp=500)
    assert (priced.coupon_discount, priced.coupon_short) == (0, 100)
    assert cost((3_000, 1_999, 1), coupon=terms).coupon_short == 1


def test_points_never_pay_more_than_the_goods_and_never_tax_or_shipping() -> None:
    priced = cost(1_000, points=1_000_000)
    assert (priced.points_discount, priced.points_redeemed) == (1_000, 1_000)
    assert (priced.tax, priced.shipping, priced.total) == (0, 599, 599)
    assert [line.shipping for line in priced.lines] == [599]


@pytest.mark.parametrize(
    ("currency", "goods", "wanted", "redeemed", "off"),
    [
        ("USD", 5_000, 250, 250, 250),
        ("JPY", 1_000, 250, 200, 2),  # a hundred points are one yen, and there is no half of it
        ("JPY", 1_000, 99, 0, 0),
        ("BHD", 5_000, 250, 250, 2_500),
        ("BHD", 25, 250, 2, 20),  # a point is ten fils: the third would be worth more than is left
    ],
)
def test_a_hundred_points_are_one_unit_of_any_currency(
    currency: str, goods: int, wanted: int, redeemed: int, off: int
) -> None:
    priced = cost(goods, currency=currency, points=wanted)
    assert (priced.points_redeemed, priced.points_discount) == (redeemed, off)


@pytest.mark.parametrize(("currency", "earned"), [("USD", 11), ("JPY", 1_118), ("BHD", 1), ("SEK", 11)])
def test_each_full_unit_that_is_paid_earns_a_point(currency: str, earned: int) -> None:
    priced = cost(1_118, currency=currency, country="JE")
    assert priced.points_earned == earned + (6 if currency == "USD" else 600 if currency == "JPY" else 0)


def test_tier_and_tax_are_rounded_half_up_on_each_line_and_not_on_the_sum() -> None:
    # 8 % of 0.07 is 0.0056: a cent each, while 8 % of 0.21 would round to two cents.
    assert cost(7, 7, 7).tax == 3
    # 5 % of 0.10 is half a cent: up.
    assert [line.tier_discount for line in cost(10, 10, 9, tier_bp=500).lines] == [1, 1, 0]


@pytest.mark.parametrize(
    ("country", "tax"), [(None, 80), ("US", 80), ("GB", 200), ("JE", 0), ("", 80), ("gb", 80)]
)
def test_the_country_decides_on_the_tax_rate(country: str | None, tax: int) -> None:
    assert cost(1_000, country=country).tax == tax


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
    assert cost(*lines, currency=currency).shipping == shipping


def test_nothing_costs_nothing() -> None:
    priced = price([], "USD", None, RULES, Reductions(1_500, coupon(amount=100), 1_000))
    assert (priced.total, priced.points_redeemed, priced.lines) == (0, 0, ())


def test_what_is_left_over_goes_to_the_largest_remainders_then_the_dearest_then_the_first() -> None:
    assert spread(10, [1, 1, 1], [3, 1, 2]) == [3, 4, 3]
    assert spread(2, [1, 2, 3], [1, 2, 3]) == [0, 1, 1]
    assert spread(5, [0, 0], [1, 2]) == [3, 2]
    assert spread(0, [1, 2], [1, 2]) == [0, 0]
    assert spread(7, [], []) == []


def test_the_portions_of_a_line_sum_to_it_however_they_are_taken() -> None:
    assert [portion(100, 3, before, 1) for before in range(3)] == [33, 34, 33]
    assert portion(100, 3, 0, 2) + portion(100, 3, 2, 1) == 100
    assert portion(0, 3, 0, 3) == 0
