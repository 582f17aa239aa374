"""The ledger of a line's units: which units a refund or a return means."""

from __future__ import annotations

import pytest

from server.refund.sale_lines import SaleLine


def line(quantity: int, **ledger: int) -> SaleLine:
    """A line of units that cost 1.00 each, tax and shipping included."""
    costs = {"total_minor": quantity * 90, "tax_minor": quantity * 8, "shipping_minor": quantity * 5}
    unused = dict.fromkeys(("position", "product_id", "variant_id", "price_minor", "list_price_minor"), 1)
    return SaleLine(
        **unused, **costs, sku="", name="", quantity=quantity, discount_minor=quantity * 3, **ledger
    )


@pytest.mark.parametrize(
    ("ledger", "returnable", "unpaid_sent_back", "unpaid_returning"),
    [
        ({}, 5, 0, 0),
        ({"refunded_quantity": 2}, 3, 0, 0),
        ({"returning_quantity": 2}, 3, 2, 2),
        ({"returned_quantity": 2, "refunded_quantity": 2, "settled_quantity": 2}, 3, 0, 0),
        ({"returning_quantity": 2, "refunded_quantity": 1, "settled_quantity": 1}, 3, 1, 1),
        (
            {"returned_quantity": 1, "returning_quantity": 2, "refunded_quantity": 1, "settled_quantity": 1},
            2,
            2,
            2,
        ),
        ({"returning_quantity": 2, "refunded_quantity": 5, "settled_quantity": 2}, 0, 0, 0),
    ],
)
def test_units_that_are_sent_back_are_paid_first(
    ledger: dict[str, int], returnable: int, unpaid_sent_back: int, unpaid_returning: int
) -> None:
    one = line(5, **ledger)
    assert (one.returnable, one.unpaid_sent_back, one.unpaid_returning) == (
        returnable,
        unpaid_sent_back,
        unpaid_returning,
    )


@pytest.mark.parametrize(
    ("ledger", "units", "restockable"),
    [
        ({}, 3, (0, 3)),
        ({"restocked_quantity": 4}, 3, (0, 1)),
        ({"returning_quantity": 2}, 3, (2, 1)),
        ({"returned_quantity": 2, "returns_restocked": 2, "restocked_quantity": 2}, 3, (0, 1)),
        ({"returning_quantity": 2, "restocked_quantity": 3}, 5, (2, 0)),
    ],
)
def test_units_that_are_paid_back_go_into_stock_once(
    ledger: dict[str, int], units: int, restockable: tuple[int, int]
) -> None:
    assert line(5, **ledger).restockable(units) == restockable


def test_what_is_left_of_a_line_is_its_cost_less_what_was_paid_back() -> None:
    assert (line(5).cost_minor, line(5, refunded_minor=130).left_minor) == (500, 370)
