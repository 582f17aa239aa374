"""A placed order under its lock, as cancellations, refunds and returns work on it.

The lock of the order's row comes first, then the stock, then promotions and the payment, as in a checkout: whoever
gives goods back must do so before money and points move, or the two could deadlock. Whoever changes an order after
its sale waits here, and finds what the one before left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from server.events.log import Publishable
from server.events.order_steps import OrderStepped
from server.events.step_facts import NO_FACTS, StepCode, StepFacts
from server.inventory import service as inventory
from server.money import Money
from server.order import line_queries, status
from server.order import queries as order_queries
from server.order.errors import OrderNotFound
from server.order.placed import PlacedLine, PlacedOrder, order_of
from server.order.steps import record, step_of
from server.refund import queries, return_queries
from server.refund.parts import Parts
from server.refund.records import RefundTotals, StandingReturnLine
from server.refund.sale_lines import SaleLine, sale_line


@dataclass(kw_only=True)
class Sale:
    """An order as it stands, with the ledger of its lines, what was captured, and what was not paid back yet.

    `refunds` is how many refunds it has, those that failed included; `paid_back` what of them has moved, and
    `disputed` what a bank holds until a dispute is decided. `return_lines` are those of its returns that were not
    refused, and `open_return` is the id of the one that is open. Whoever changes the order under its lock changes
    this too.
    """

    order: PlacedOrder
    lines: list[SaleLine]
    captured: int
    left: Parts
    refunds: int
    paid_back: int
    disputed: int
    return_lines: list[StandingReturnLine]
    open_return: int | None

    @property
    def id(self) -> int:
        """The order's id."""
        return self.order.id

    @property
    def state(self) -> str:
        """The order's status."""
        return self.order.status

    @property
    def currency(self) -> str:
        """The order's currency."""
        return self.order.currency

    def money(self, minor: int) -> Money:
        """An amount in the order's currency."""
        return Money(minor, self.order.currency)

    def line(self, position: int) -> SaleLine:
        """The line at a position."""
        return next(line for line in self.lines if line.position == position)

    def lines_at(self, positions: Iterable[int]) -> list[SaleLine]:
        """The lines at these positions."""
        at = set(positions)
        return [line for line in self.lines if line.position in at]

    def change_line(self, line: SaleLine) -> None:
        """Take a line as it stands now."""
        self.lines = [line if line.position == one.position else one for one in self.lines]

    def step(
        self,
        tx: Connection,
        after: str,
        code: StepCode,
        now: datetime,
        facts: StepFacts = NO_FACTS,
    ) -> OrderStepped:
        """Take a step, or note something when `after` is the status it has, and return the event to publish.

        Raises IllegalTransition.
        """
        is_note = after == self.state
        if not is_note:
            self.check_step(after)
        sequence = order_queries.advance(tx, self.id, self.state, after, now)
        if sequence is None:
            raise AssertionError("a locked order moved")
        self.order = replace(self.order, status=after, last_sequence=sequence, updated_at=now)
        eta = status.future_eta(after, self.order.eta, now)
        step = step_of(sequence, after, code, now, eta=eta, facts=facts)
        return replace(record(tx, self.id, self.order.user_id, step), is_note=is_note)

    def check_step(self, after: str) -> None:
        """Raise IllegalTransition when the order cannot take a step."""
        status.check_step(self.state, after, status.LEGAL[self.state])

    def away(self, units: Mapping[int, int]) -> dict[int, int]:
        """Of units of lines, by position, those that are not back in stock yet."""
        return {
            line.position: min(units.get(line.position, 0), line.quantity - line.restocked_quantity)
            for line in self.lines
        }

    def restock(self, tx: Connection, units: Mapping[int, int]) -> list[Publishable]:
        """Give units of lines, by position, back to stock, at most those that are not there; the events of it."""
        back = self.away(units)
        by_variant: dict[int, int] = {}
        for line in self.lines:
            if count := back[line.position]:
                self.change_line(replace(line, restocked_quantity=line.restocked_quantity + count))
                by_variant[line.variant_id] = by_variant.get(line.variant_id, 0) + count
        if not by_variant:
            return []
        line_queries.restock(tx, self.id, back.items())
        return list(inventory.return_stock(tx, self.id, by_variant))

    def restock_refunded(self, tx: Connection, units: Mapping[int, int]) -> list[Publishable]:
        """Give units that are paid back now back to stock, as the ledger says which they are."""
        back, of_returns = {}, []
        for line in self.lines:
            returned, own = line.restockable(units.get(line.position, 0))
            back[line.position] = returned + own
            for one in sorted(self.return_lines, key=lambda one: one.return_id, reverse=True):  # open first
                count = min(returned, one.quantity - one.in_stock) if one.position == line.position else 0
                if count:
                    returned -= count
                    of_returns.append((one.return_id, line.position, count))
        return_queries.count_restocked_by_refund(tx, of_returns)
        return self.restock(tx, back)

    def restock_all(self, tx: Connection) -> list[Publishable]:
        """Give every unit back to stock that is not there."""
        return self.restock(tx, {line.position: line.quantity for line in self.lines})


def open_sale(tx: Connection, order_id: int, user_id: int | None = None) -> Sale:
    """Lock an order and read it; with `user_id` only that user's. Raises OrderNotFound."""
    if not order_queries.lock(tx, order_id, user_id):
        raise OrderNotFound(order_id=order_id)
    return read_sale(tx, order_id)  # after the lock: it shows what the one before left


def read_sale(connection: Connection, order_id: int) -> Sale:
    """Read an order as it stands, to say what would become of it. Raises OrderNotFound."""
    row = order_queries.order(connection, order_id)
    if row is None:
        raise OrderNotFound(order_id=order_id)
    order = order_of(row, line_queries.of_orders(connection, [order_id])[order_id])
    lines, return_lines = _with_returns(connection, order_id, order.lines)
    refunds = queries.refund_totals(connection, order_id)
    return Sale(
        order=order,
        lines=lines,
        captured=order.payment.captured_minor if order.payment else 0,
        left=_left(order, refunds),
        refunds=refunds.count,
        paid_back=refunds.paid,
        disputed=refunds.disputed,
        return_lines=return_lines,
        open_return=next((one.return_id for one in return_lines if one.status in status.OPEN_RETURN), None),
    )


def _left(order: PlacedOrder, refunds: RefundTotals) -> Parts:
    """What was captured for an order and not paid back."""
    payment = order.payment
    return Parts(
        payment.captured_minor - payment.refunded_minor if payment else 0,
        order.tax_minor - refunds.tax,
        order.shipping_minor - refunds.shipping,
    )


def _with_returns(
    tx: Connection, order_id: int, lines: Iterable[PlacedLine]
) -> tuple[list[SaleLine], list[StandingReturnLine]]:
    """The lines of an order with what its returns say of them, and theirs. Most orders have none."""
    if not any(line.returning_quantity or line.returned_quantity for line in lines):
        return [sale_line(line, {}, ()) for line in lines], []
    settled = return_queries.settled_units(tx, order_id)
    return_lines = return_queries.standing_return_lines(tx, order_id)
    return [sale_line(line, settled, return_lines) for line in lines], return_lines
