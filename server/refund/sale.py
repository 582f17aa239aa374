"""A placed order under its lock, as cancellations, refunds and returns work on it.

The lock of the order's row comes first, then the stock, then promotions and the payment, as in a checkout: whoever
gives goods back must do so before money and points move, or the two could deadlock. Whoever changes an order after
its sale waits here, and finds what the one before left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.events.log import Publishable
from server.events.order_steps import OrderStepped, Step, StepRefund, StepReturn
from server.inventory import service as inventory
from server.order import queries as order_queries
from server.order import status
from server.order import units as ledger
from server.order.errors import OrderNotFound
from server.order.placed import PlacedOrder, order_of
from server.order.steps import record
from server.refund import queries, return_queries
from server.refund.parts import Parts
from server.refund.records import StandingReturnLine


@dataclass
class Sale:
    """An order: its row's values, the rows of its lines, what was captured, and what of it was not paid back.

    `refunds` is how many refunds it has, those that failed included; `paid_back` what of them has moved, and
    `disputed` what a bank holds until a dispute is decided. `return_lines` are those of its returns that were not
    refused, and `open_return` is the id of the one that is open.
    """

    order: PlacedOrder
    """The order as it was when it was locked."""
    id: int
    values: dict[str, Any]
    lines: list[dict[str, Any]]
    captured: int
    left: Parts
    refunds: int
    paid_back: int
    disputed: int
    return_lines: list[StandingReturnLine]
    open_return: int | None

    @property
    def state(self) -> str:
        """The order's status."""
        state: str = self.values["status"]
        return state

    @property
    def currency(self) -> str:
        """The order's currency."""
        currency: str = self.values["currency"]
        return currency

    def step(
        self,
        tx: Connection,
        after: str,
        message: str,
        now: datetime,
        *,
        refund: StepRefund | None = None,
        failed_refund: StepRefund | None = None,
        returned: StepReturn | None = None,
    ) -> OrderStepped:
        """Take a step, or note something when `after` is the status it has, and return the event to publish.

        `refund`, `failed_refund` and `returned` are what it is about. Raises IllegalTransition.
        """
        is_note = after == self.state
        if not is_note:
            self.check_step(after)
        sequence = order_queries.advance(tx, self.id, self.state, after, now)
        if sequence is None:
            raise AssertionError("a locked order moved")
        self.values |= {"status": after, "last_sequence": sequence, "updated_at": now}
        step = Step(sequence, after, message, "", status.future_eta(after, self.values["eta"], now), now)
        event = record(tx, self.id, self.values["user_id"], step)
        return replace(event, refund=refund, failed_refund=failed_refund, returned=returned, is_note=is_note)

    def check_step(self, after: str) -> None:
        """Raise IllegalTransition when the order cannot take a step."""
        status.check_step(self.state, after, status.LEGAL[self.state])

    def away(self, units: Mapping[int, int]) -> dict[int, int]:
        """Of units of lines, by position, those that are not back in stock yet."""
        return {
            line["position"]: min(
                units.get(line["position"], 0), line["quantity"] - line["restocked_quantity"]
            )
            for line in self.lines
        }

    def restock(self, tx: Connection, units: Mapping[int, int]) -> list[Publishable]:
        """Give units of lines, by position, back to stock, at most those that are not there; the events of it."""
        back = self.away(units)
        by_variant: dict[int, int] = {}
        for line in self.lines:
            variant, count = line["variant_id"], back[line["position"]]
            line["restocked_quantity"] += count
            if count:
                by_variant[variant] = by_variant.get(variant, 0) + count
        if not by_variant:
            return []
        order_queries.restock(tx, self.id, back.items())
        return [inventory.stock_event(inventory.return_stock(tx, by_variant))]

    def restock_refunded(self, tx: Connection, units: Mapping[int, int]) -> list[Publishable]:
        """Give units that are paid back now back to stock, as the ledger says which they are."""
        back, of_returns = {}, []
        for line in self.lines:
            position = line["position"]
            awaited, own = ledger.restockable(line, units.get(position, 0))
            back[position] = awaited + own
            for row in sorted(self.return_lines, key=lambda row: row.return_id, reverse=True):  # open first
                count = min(awaited, row.quantity - row.in_stock) if row.position == position else 0
                if count:
                    awaited -= count
                    of_returns.append((row.return_id, position, count))
        return_queries.count_restocked_by_refund(tx, of_returns)
        return self.restock(tx, back)

    def restock_all(self, tx: Connection) -> list[Publishable]:
        """Give every unit back to stock that is not there."""
        return self.restock(tx, {line["position"]: line["quantity"] for line in self.lines})


def open_sale(tx: Connection, order_id: int, user_id: int | None = None) -> Sale:
    """Lock an order and read it; with `user_id` only that user's. Raises OrderNotFound."""
    if not order_queries.lock(tx, order_id, user_id):
        raise OrderNotFound(order_id=order_id)
    row = order_queries.order(tx, order_id)  # after the lock: it shows what the one before left
    if row is None:
        raise OrderNotFound(order_id=order_id)
    values = dict(row._mapping)
    line_rows = order_queries.lines(tx, [order_id])[order_id]
    lines = [dict(line._mapping) for line in line_rows]
    captured = values["payment_captured_minor"] or 0
    return_lines = _read_returns(tx, order_id, lines)
    refunds = queries.refund_totals(tx, order_id)
    left = Parts(
        captured - (values["payment_refunded_minor"] or 0),
        values["tax_minor"] - refunds.tax,
        values["shipping_minor"] - refunds.shipping,
    )
    open_return = next((one.return_id for one in return_lines if one.status in status.OPEN_RETURN), None)
    paid, disputed = refunds.paid, refunds.disputed
    return Sale(
        order_of(row, line_rows),
        order_id,
        values,
        lines,
        captured,
        left,
        refunds.count,
        paid,
        disputed,
        return_lines,
        open_return,
    )


def _read_returns(tx: Connection, order_id: int, lines: list[dict[str, Any]]) -> list[StandingReturnLine]:
    """The lines of the order's returns; fills in what the ledger needs of them. Most orders have none."""
    for line in lines:
        line |= {"settled_quantity": 0, "returns_restocked": 0}
    if not any(line["returning_quantity"] or line["returned_quantity"] for line in lines):
        return []
    settled = return_queries.settled_units(tx, order_id)
    rows = return_queries.standing_return_lines(tx, order_id)
    for line in lines:
        line["settled_quantity"] = settled.get(line["position"], 0)
        line["returns_restocked"] = sum(row.in_stock for row in rows if row.position == line["position"])
    return rows
