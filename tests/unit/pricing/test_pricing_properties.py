"""What holds of every cart that can be priced.

Hypothesis looks for the odd ones and makes a failure small; drawn plainly, 20 000 more take seconds. `make test`
tries a slice of both, `make faults` all.
"""

from __future__ import annotations

import os
import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from server.money import MAX_MINOR, decimals
from server.pricing.prices import (
    CouponRule,
    Item,
    Priced,
    PriceRules,
    Reductions,
    points_value,
    portion,
    price,
    share_bp,
)

EVERYTHING = int(os.environ.get("SANSET_FAULT_ROUNDS", "1")) >= 10
SOUGHT = 2_000 if EVERYTHING else 300
DRAWN = 20_000 if EVERYTHING else 3_000
Cart = tuple[list[Item], str, str | None, PriceRules, Reductions]
"""Everything that a price depends on."""
CURRENCIES = ("USD", "EUR", "JPY", "KRW", "BHD", "KWD")
RATES = [Decimal(rate) for rate in ("0", "0.08", "0.20", "0.0825", "0.055", "1")]
AMOUNTS = st.one_of(st.integers(1, 30), st.integers(1, 20_000), st.integers(1, MAX_MINOR))


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    """A cart: cheap and dear goods, some in a sale, some for nothing."""
    made = []
    for variant_id in draw(st.lists(st.integers(1, 10**6), max_size=12, unique=True)):
        listed = draw(AMOUNTS)
        off = draw(st.sampled_from([0, 0, 500, 3_333, 10_000]))
        quantity = draw(st.one_of(st.integers(1, 5), st.integers(1, 10**6)))
        made.append(Item(variant_id, listed, listed - share_bp(listed, off), quantity))
    return made


@st.composite
def rules(draw: st.DrawFn) -> PriceRules:
    """What a shop charges."""
    fee = draw(st.sampled_from([Decimal(0), Decimal("5.99"), Decimal("0.005"), Decimal(600)]))
    free_from = draw(st.sampled_from([None, Decimal(0), Decimal(50), Decimal(5_000)]))
    return PriceRules(
        tax_rate=draw(st.sampled_from(RATES)),
        tax_rates={"GB": draw(st.sampled_from(RATES))},
        shipping_fee=dict.fromkeys(CURRENCIES, fee),
        free_shipping_from=dict.fromkeys(CURRENCIES, free_from) if free_from is not None else {},
    )


@st.composite
def coupons(draw: st.DrawFn) -> CouponRule:
    """A coupon by share or amount."""
    by_share = draw(st.booleans())
    return CouponRule(
        id=1,
        code="SAVE",
        percent_bp=draw(st.integers(1, 10_000)) if by_share else None,
        amount_minor=None if by_share else draw(AMOUNTS),
        max_discount_minor=draw(st.none() | AMOUNTS),
        min_purchase_minor=draw(st.just(0) | AMOUNTS),
    )


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    """Goods, a currency, where they go, the shop's rules, and what the buyer gets off."""
    reductions = Reductions(
        tier_bp=draw(st.sampled_from([0, 500, 1_000, 1_500, 10_000])),
        coupon=draw(st.none() | coupons()),
        points=draw(st.sampled_from([0, 1, 99, 100, 12_345]) | st.integers(0, 10**9)),
    )
    currency = draw(st.sampled_from(CURRENCIES))
    return draw(items()), currency, draw(st.sampled_from([None, "US", "GB"])), draw(rules()), reductions


PARTS = ("tier_discount", "coupon_discount", "points_discount", "tax", "shipping")


def check_sums(priced: Priced) -> None:
    """Everything adds up, and nothing is below zero."""
    lines = priced.lines
    for part in PARTS:
        assert sum(getattr(line, part) for line in lines) == getattr(priced, part)
    assert sum(line.list_total for line in lines) == priced.subtotal
    assert sum(line.list_total - line.total for line in lines) == priced.product_discount
    assert sum(line.paid for line in lines) == priced.total
    assert priced.total == priced.subtotal - priced.discount + priced.tax + priced.shipping
    for line in lines:
        amounts = (
            line.list_total,
            line.total,
            *(getattr(line, part) for part in PARTS),
            line.goods,
            line.paid,
        )
        assert min(amounts) >= 0
    assert min(priced.subtotal, priced.discount, priced.product_discount, priced.total) >= 0


@settings(max_examples=SOUGHT)
@given(cart=carts(), seed=st.integers(0, 2**32))
def test_every_cart_adds_up_whatever_is_taken_off_it(cart: Cart, seed: int) -> None:
    check(cart, random.Random(seed))


def test_thousands_of_plain_carts_add_up_as_well() -> None:
    chance = random.Random(4)
    for _ in range(DRAWN):
        check(plain_cart(chance), chance)


def plain_cart(chance: random.Random) -> Cart:
    """A cart as people have them: a few things, mostly of everyday prices."""
    currency = chance.choice(CURRENCIES)
    goods = []
    for variant_id in chance.sample(range(1, 1_000), chance.choice((1, 1, 2, 3, 5, 8, 30))):
        listed = chance.randint(1, chance.choice((20, 2_000, 50_000)))
        off = chance.choice((0, 0, 0, 500, 1_250, 3_333))
        goods.append(
            Item(variant_id, listed, listed - share_bp(listed, off), chance.choice((1, 1, 2, 3, 12)))
        )
    by_share = chance.random() < 0.5
    terms = CouponRule(
        id=1,
        code="SAVE",
        percent_bp=chance.choice((500, 1_000, 1_575, 10_000)) if by_share else None,
        amount_minor=None if by_share else chance.randint(1, 10_000),
        max_discount_minor=chance.choice((None, 1_000)),
        min_purchase_minor=chance.choice((0, 2_000)),
    )
    reductions = Reductions(
        tier_bp=chance.choice((0, 500, 1_000, 1_500)),
        coupon=chance.choice((None, terms)),
        points=chance.choice((0, 0, chance.randint(1, 20_000))),
    )
    shop = PriceRules(
        chance.choice(RATES),
        {"GB": Decimal("0.20")},
        {currency: Decimal("5.99")},
        {currency: Decimal(50)},
    )
    return goods, currency, chance.choice((None, "US", "GB")), shop, reductions


def check(cart: Cart, chance: random.Random) -> None:
    """Everything that must hold of any cart."""
    goods, currency, country, shop, reductions = cart
    priced = price(goods, currency, country, shop, reductions)
    check_sums(priced)
    check_bounds(priced, reductions)
    check_order_does_not_matter(priced, cart, chance)
    check_refunds(priced, chance)
    assert priced.total < 2**63


def check_bounds(priced: Priced, reductions: Reductions) -> None:
    """No reduction is above what its owner granted, and points are worth exactly what they take off."""
    assert priced.points_redeemed <= reductions.points
    assert points_value(priced.points_redeemed, priced.currency) == priced.points_discount
    assert priced.points_earned == priced.total // 10 ** decimals(priced.currency)
    terms = reductions.coupon
    if terms is None or priced.coupon_short:
        assert priced.coupon_discount == 0
        return
    if terms.max_discount_minor is not None:
        assert priced.coupon_discount <= terms.max_discount_minor
    if terms.amount_minor is not None:
        assert priced.coupon_discount <= terms.amount_minor


def check_order_does_not_matter(priced: Priced, cart: Cart, chance: random.Random) -> None:
    """The same lines in another order cost the same, each of them."""
    goods, *rest = cart
    shuffled = price(chance.sample(goods, len(goods)), *rest)
    assert shuffled.total == priced.total
    assert {line.variant_id: line for line in shuffled.lines} == {
        line.variant_id: line for line in priced.lines
    }


def check_refunds(priced: Priced, chance: random.Random) -> None:
    """Units that are paid back in any steps get back, all together, exactly what was paid."""
    back = 0
    for line in priced.lines:
        before = 0
        while before < line.quantity:
            units = chance.randint(1, line.quantity - before)
            parts = [
                portion(minor, line.quantity, before, units)
                for minor in (line.goods, line.tax, line.shipping)
            ]
            assert min(parts) >= 0
            back += sum(parts)
            before += units
    assert back == priced.total
