"""What units cost that are paid back, less what an amount has paid for them before.

While a return is open, an amount that is paid back without naming units counts towards those that come back: it
is booked on their lines as soon as it covers them, or when they are paid by name, at the latest when they arrive.
Units stand once: on the refund that pays last, or on the amount when that covered all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from server.pricing.prices import portion
from server.refund import queries
from server.refund.parts import PaidUnits, Parts, cost_of_units, respread
from server.refund.sale import Sale


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be paid for units now, on which lines, and what of earlier amounts belongs to which."""

    parts: Parts
    lines: Sequence[PaidUnits] = ()
    booked: Sequence[tuple[int, PaidUnits]] = ()
    """Parts of earlier refunds, by their ids, that paid for these units."""


def awaited(sale: Sale) -> dict[int, int]:
    """The units of the open return that nobody paid yet, by position."""
    return {line.position: line.unpaid_returning for line in sale.lines}


def due(tx: Connection, sale: Sale, units: Mapping[int, int]) -> Due:
    """What to pay for units, by position: what they cost, less what was paid ahead, at most what is left."""
    cost, lines = cost_of_units(sale.lines, units)
    ahead = _paid_ahead(tx, sale, units)
    before = sum(minor for _, minor in ahead)
    minor = max(min(cost.amount - before, sale.left.amount), 0)
    if minor == cost.amount:
        return Due(cost, lines)
    parts = Parts(
        minor,
        portion(cost.tax, cost.amount, 0, minor) if before else cost.tax,
        portion(cost.shipping, cost.amount, 0, minor) if before else cost.shipping,
    )
    covered = respread(lines, before + minor)
    now = respread(covered, minor)
    if minor:
        rest = [
            replace(one, quantity=0, amount=one.amount - paid.amount)
            for one, paid in zip(covered, now, strict=True)
        ]
        return Due(parts, now, _booked(ahead, rest))
    return Due(parts, now, _booked(ahead, covered))


def _paid_ahead(tx: Connection, sale: Sale, units: Mapping[int, int]) -> list[tuple[int, int]]:
    """What was paid ahead for those of the units that the open return holds: refunds, and how much of each."""
    if sale.open_return is None:
        return []
    of_return = {position: min(units.get(position, 0), count) for position, count in awaited(sale).items()}
    unpaid = cost_of_units(sale.lines, of_return)[0].amount
    ahead = []
    for refund_id, minor in queries.paid_ahead(tx, sale.open_return) if unpaid else ():
        ahead.append((refund_id, min(minor, unpaid)))
        unpaid -= ahead[-1][1]
    return [(refund_id, minor) for refund_id, minor in ahead if minor]


def _booked(ahead: Sequence[tuple[int, int]], lines: Sequence[PaidUnits]) -> list[tuple[int, PaidUnits]]:
    """The lines cut into the pieces that each refund paid; the units of a line stand on its first piece."""
    booked: list[tuple[int, PaidUnits]] = []
    open_refunds = list(ahead)
    for line in lines:
        quantity, amount = line.quantity, line.amount
        while open_refunds and (amount or quantity):
            refund_id, left = open_refunds[0]
            paid = min(left, amount)
            if paid or quantity:
                booked.append((refund_id, replace(line, quantity=quantity, amount=paid)))
            quantity, amount = 0, amount - paid
            open_refunds[0] = (refund_id, left - paid)
            if left == paid and amount:
                open_refunds.pop(0)
    return booked
