"""Returns: the buyer asks, the shop agrees or refuses, the goods arrive and are paid back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.errors import FieldReason, InvalidField, TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.step_facts import StepCode, StepFacts, StepRefund, StepReturn
from server.order import status
from server.order.shipments import shipped_units
from server.order.steps import MAX_STEPS
from server.order.units import NamedUnits, positions
from server.promotion import service as promotions
from server.refund import return_queries
from server.refund.decisions import Decision, book, record
from server.refund.errors import (
    NotDelivered,
    NotReturnable,
    ReturnNotFound,
    ReturnTooLate,
    UnitsNotReturnable,
)
from server.refund.named_units import units_by_position
from server.refund.outcomes import end_if_paid_back
from server.refund.paid_ahead import awaited, due
from server.refund.parts import fitted
from server.refund.records import OrderReturn
from server.refund.sale import Sale, open_sale


def request(
    tx: Connection,
    order_id: int,
    user_id: int | None,
    units: Sequence[NamedUnits] | None,
    *,
    reason: str,
    within: timedelta,
    actor: Actor,
    now: datetime,
) -> int:
    """Ask to send units back `within` a time after delivery; None: all that can be. Returns the return's id.

    Raises OrderNotFound, NotDelivered, ReturnTooLate, NotReturnable, TooMany and InvalidField.
    """
    sale = open_sale(tx, order_id, user_id)
    _check_time(sale, within, now)
    if sale.order.last_sequence >= MAX_STEPS:
        raise TooMany(limit=MAX_STEPS, resources="steps of an order")
    by_position = _returnable_units(sale, units)
    return_id = return_queries.insert_return(tx, sale.order, by_position, reason, now)
    return_queries.move_units(tx, order_id, by_position.items(), out=1, back=0)
    returned = StepReturn(return_id, status.REQUESTED, by_position)
    facts = StepFacts(returned=returned)
    step = sale.step(tx, status.RETURN_REQUESTED, StepCode.RETURN_REQUESTED, now, facts)
    _audit(tx, actor, "RequestReturn", sale, return_id, now, units=sum(by_position.values()), reason=reason)
    publish(tx, step)
    return return_id


@dataclass(frozen=True, slots=True)
class ReturnDecision:
    """The answer of the shop to a return; `etag` is the version of the return that it saw, empty for any."""

    return_id: int
    text: str
    etag: str = ""


def approve(tx: Connection, decision: ReturnDecision, actor: Actor, now: datetime) -> None:
    """Agree to a return; repeating changes nothing. Raises ReturnNotFound, StaleEtag and IllegalTransition."""
    return_id, answer = decision.return_id, decision.text
    sale, current = _open(tx, return_id)
    if current.status == status.APPROVED:
        return
    _check_etag(decision.etag, current)
    _move(tx, current, status.APPROVED, answer, now)
    returned = StepReturn(return_id, status.APPROVED, _units(sale, return_id))
    facts = StepFacts(returned=returned, comment=answer)
    step = sale.step(tx, sale.state, StepCode.RETURN_APPROVED, now, facts)
    _audit(tx, actor, "ApproveReturn", sale, return_id, now, answer=answer)
    publish(tx, step)


def reject(tx: Connection, decision: ReturnDecision, actor: Actor, now: datetime) -> None:
    """Refuse a return; repeating changes nothing. Raises ReturnNotFound, StaleEtag and IllegalTransition."""
    return_id, answer = decision.return_id, decision.text
    sale, current = _open(tx, return_id)
    if current.status == status.REJECTED:
        return
    _check_etag(decision.etag, current)
    _move(tx, current, status.REJECTED, answer, now)
    returned = StepReturn(return_id, status.REJECTED, _units(sale, return_id))
    _end_without_units(tx, sale)
    facts = StepFacts(returned=returned, comment=answer)
    step = sale.step(tx, status.DELIVERED, StepCode.RETURN_REJECTED, now, facts)
    _audit(tx, actor, "RejectReturn", sale, return_id, now, answer=answer)
    publish(tx, step, *end_if_paid_back(tx, sale, now))


def _end_without_units(tx: Connection, sale: Sale) -> None:
    """The buyer keeps the units of the open return, also those that were paid back meanwhile."""
    units = {line.position: line.returning_quantity for line in sale.lines}
    return_queries.move_units(tx, sale.id, units.items(), out=-1, back=0)
    for line in sale.lines:
        too_many = max(line.settled_quantity - line.returned_quantity, 0)
        if too_many:
            return_queries.release_settled(tx, sale.id, line.position, too_many)
        settled = line.settled_quantity - too_many
        sale.change_line(replace(line, returning_quantity=0, settled_quantity=settled))
    sale.open_return = None


def receive(
    tx: Connection,
    return_id: int,
    restock_items: Sequence[NamedUnits],
    *,
    etag: str,
    key: str,
    actor: Actor,
    now: datetime,
) -> int | None:
    """Take in the goods of an approved return; returns the refund to pay back. Repeating changes nothing.

    `restock_items` are the units that can be sold again. Units that were paid back or put into stock while they
    travelled are not paid or put there again, and an amount that was paid back without units meanwhile counts
    towards these: a return never fails for money. Raises ReturnNotFound, StaleEtag, IllegalTransition and
    InvalidField.
    """
    sale, current = _open(tx, return_id)
    if current.status == status.RECEIVED:
        return None
    _check_etag(etag, current)
    # Before its units are looked at: of a return that was refused none come back.
    _move(tx, current, status.RECEIVED, None, now)
    lines = {line.position: line for line in sale.return_lines if line.return_id == return_id}
    units = _units(sale, return_id)
    sellable, missing = positions(sale.lines, restock_items, units, "restock_items")
    if missing:
        raise InvalidField(
            (
                "restock_items",
                f"more units of variant {min(missing)} than come back",
                FieldReason.OUT_OF_RANGE,
            )
        )
    missing_in_stock = {
        position: min(count, units[position] - lines[position].restocked_by_refund)
        for position, count in sellable.items()
    }
    back = sale.away(missing_in_stock)
    return_queries.count_restocked(tx, return_id, back.items())
    stock = sale.restock(tx, back)
    decision = Decision(reason="The goods came back.", key=key, actor=actor, now=now, return_id=return_id)
    refund = _pay_back(tx, sale, units, decision)
    refund_id = refund.id if refund else None
    facts = StepFacts(refund=refund, returned=StepReturn(return_id, status.RECEIVED, units))
    step = sale.step(tx, status.RETURNED, StepCode.RETURN_RECEIVED, now, facts)
    publish(tx, step, *end_if_paid_back(tx, sale, now), *stock)
    _audit(
        tx, actor, "ReceiveReturn", sale, return_id, now, refund_id=refund_id, restocked=sum(back.values())
    )
    return refund_id


def _units(sale: Sale, return_id: int) -> dict[int, int]:
    """The units of a return, by position."""
    return {line.position: line.quantity for line in sale.return_lines if line.return_id == return_id}


def _pay_back(tx: Connection, sale: Sale, units: Mapping[int, int], decision: Decision) -> StepRefund | None:
    """Decide the refund of what came back; None when nothing is to be paid."""
    rest = due(tx, sale, awaited(sale))
    return_queries.move_units(tx, sale.id, units.items(), out=-1, back=1)
    for line in sale.lines:
        returned = line.returned_quantity + units.get(line.position, 0)
        sale.change_line(replace(line, returned_quantity=returned, returning_quantity=0))
    sale.open_return = None
    if rest.parts.amount == 0:
        book(tx, sale, rest.booked)  # an amount has paid for them
        if sale.order.total_minor == 0 and not any(line.returnable for line in sale.lines):
            promotions.reverse(tx, sale.order.rewards, 0, decision.now)  # points alone had paid for it
        return None
    fit = replace(rest, parts=fitted(rest.parts, sale.left))
    return StepRefund(record(tx, sale, fit, decision), fit.parts.amount, sale.currency)


def _check_time(sale: Sale, within: timedelta, now: datetime) -> None:
    delivered = sale.order.delivered_at
    if delivered is None or sale.state == status.CANCELLED:
        raise NotDelivered(order_id=sale.id, status=sale.state)
    until = delivered + within
    if now > until:
        raise ReturnTooLate(order_id=sale.id, until=until, days=within.days)


def _returnable_units(sale: Sale, units: Sequence[NamedUnits] | None) -> dict[int, int]:
    """Units as they are named, by position; all that can be sent back for None. Raises NotReturnable."""
    left = _units_with_the_buyer(sale)
    if sale.state == status.RETURN_REQUESTED:
        raise NotReturnable(order_id=sale.id, problem="Another return of this order is open.", available=0)
    if sale.state not in status.RETURNABLE or not left:
        raise NotReturnable(order_id=sale.id, problem="Everything was returned or paid back.", available=0)
    if units is None:
        return left
    return units_by_position(sale, units, left, UnitsNotReturnable)


def _units_with_the_buyer(sale: Sale) -> dict[int, int]:
    """The units that can be sent back, by position: neither sent or paid back, nor left out of every parcel."""
    shipped = shipped_units(sale.order)
    units = {
        line.position: min(line.returnable, shipped[line.position] - line.sent_back) for line in sale.lines
    }
    return {position: count for position, count in units.items() if count > 0}


def _open(tx: Connection, return_id: int) -> tuple[Sale, OrderReturn]:
    """A return and its order, both under the order's lock. Raises ReturnNotFound."""
    order_id = _read(tx, return_id).order_id
    sale = open_sale(tx, order_id)
    return sale, _read(tx, return_id)


def _read(tx: Connection, return_id: int) -> OrderReturn:
    returned = return_queries.return_of(tx, return_id)
    if returned is None:
        raise ReturnNotFound(return_id=return_id)
    return returned


def _move(tx: Connection, returned: OrderReturn, after: str, answer: str | None, now: datetime) -> None:
    status.check_step(returned.status, after, status.RETURNS[returned.status])
    if not return_queries.move_return(tx, returned, after, answer, now):
        raise AssertionError("a return moved under its order's lock")


def _check_etag(sent: str, returned: OrderReturn) -> None:
    check_etag(sent, etag_of(status.RETURN_VERSIONS[returned.status]), "return")


def _audit(
    tx: Connection, actor: Actor, action: str, sale: Sale, return_id: int, now: datetime, **details: object
) -> None:
    write(tx, actor, action, f"order/{sale.id}", now, return_id=return_id, **details)
