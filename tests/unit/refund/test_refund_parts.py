"""How much a refund pays back: any splits of an order, by units or amounts, add up to exactly what it cost."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from server.refund.parts import (
    PaidUnits,
    Parts,
    all_units,
    cost_of_units,
    fitted,
    of_units,
    respread,
    share_of,
)
from server.refund.sale_lines import SaleLine


def line(
    position: int, quantity: int, total: int, discount: int = 0, tax: int = 0, shipping: int = 0
) -> SaleLine:
    """A line of an order of which nothing was paid back."""
    return SaleLine(
        position=position,
        product_id=position,
        variant_id=position * 10,
        sku="",
        name="",
        quantity=quantity,
        price_minor=0,
        total_minor=total,
        list_price_minor=0,
        discount_minor=discount,
        tax_minor=tax,
        shipping_minor=shipping,
    )


def paid_back(line: SaleLine, units: int, amount: int) -> SaleLine:
    """A line of which more was paid back."""
    return replace(
        line,
        refunded_quantity=line.refunded_quantity + units,
        refunded_minor=line.refunded_minor + amount,
    )


class Order:
    """An order that is paid back bit by bit, as `refunds.record` does it."""

    def __init__(self, lines: list[SaleLine]) -> None:
        self.lines = lines
        self.left = Parts(
            sum(one.left_minor for one in lines),
            sum(one.tax_minor for one in lines),
            sum(one.shipping_minor for one in lines),
        )
        self.whole = self.left

    def some_units(self, rng: Random) -> dict[int, int]:
        """Units by position that were not paid back yet."""
        return {one.position: rng.randint(0, one.unpaid) for one in self.lines}

    def pay_back(self, parts: Parts, units: list[PaidUnits]) -> None:
        """Count a refund, and check what must hold of each."""
        assert 0 <= parts.tax <= self.left.tax
        assert 0 <= parts.shipping <= self.left.shipping
        assert 0 <= parts.goods <= self.left.goods
        self.left -= parts
        for one in units:
            index = next(i for i, line in enumerate(self.lines) if line.position == one.position)
            target = self.lines[index] = paid_back(self.lines[index], one.quantity, one.amount)
            assert target.refunded_quantity <= target.quantity
            assert target.left_minor >= 0


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Orders of one to four lines, discounts, tax and shipping of any share."""
    lines = []
    for position in range(1, draw(st.integers(1, 4)) + 1):
        total = draw(st.integers(0, 10_000))
        lines.append(
            line(
                position,
                draw(st.integers(1, 7)),
                total,
                draw(st.integers(0, total)),
                draw(st.integers(0, 2_000)),
                draw(st.integers(0, 700)),
            )
        )
    return Order(lines)


@settings(max_examples=400)
@given(orders(), st.integers(0, 2**32))
def test_any_split_by_units_pays_back_everything_and_of_each_part_everything(order: Order, seed: int) -> None:
    rng = Random(seed)
    while any(one.refunded_quantity < one.quantity for one in order.lines):
        units_to_pay = order.some_units(rng)
        parts, units = cost_of_units(order.lines, units_to_pay)
        order.pay_back(fitted(parts, order.left), units)
    assert order.left == Parts(0)


@settings(max_examples=400)
@given(orders(), st.integers(0, 2**32))
def test_units_and_amounts_in_any_order_never_pay_back_more_than_there_was(order: Order, seed: int) -> None:
    rng = Random(seed)
    for _ in range(rng.randint(0, 6)):
        if order.left.amount and rng.random() < 0.5:
            amount = rng.randint(1, order.left.amount)
            order.pay_back(share_of(amount, order.left), [])
            continue
        units_to_pay = order.some_units(rng)
        parts, units = cost_of_units(order.lines, units_to_pay)
        if parts.amount > order.left.amount:  # as a return is: what is left, and no more
            units = respread(units, order.left.amount)
            parts = Parts(order.left.amount, parts.tax, parts.shipping)
        order.pay_back(fitted(parts, order.left), units)
    order.pay_back(order.left, all_units(order.lines, order.left.amount))
    assert order.left == Parts(0)


def test_the_shares_of_units_are_rounded_so_that_they_sum_up() -> None:
    one = line(1, 3, 1000, tax=80, shipping=599)
    paid = []
    for _ in range(3):
        parts = of_units(one, 1)
        paid.append((parts.amount, parts.tax, parts.shipping))
        one = paid_back(one, 1, parts.amount)
    assert paid == [(560, 27, 200), (559, 26, 199), (560, 27, 200)]


def test_an_amount_holds_tax_and_shipping_in_their_share() -> None:
    assert share_of(500, Parts(5000, 400, 600)) == Parts(500, 40, 60)
    assert share_of(1, Parts(2, 1, 1)) == Parts(1, 1, 0)
    assert share_of(5, Parts(0)) == Parts(5)


def test_the_last_units_get_what_a_refused_refund_left() -> None:
    """After a refund failed its units count again, and may be rounded otherwise than at first."""
    one = paid_back(line(1, 3, 100), 1, 34)  # the second of three, whose first was refused
    assert of_units(one, 2).amount == 66
