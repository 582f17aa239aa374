"""SQL of returns and what they change of an order: one function per question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from server.catalog.models import Variant
from server.db.rows import from_row
from server.order import status
from server.order.models import OrderLine
from server.order.placed import PlacedOrder
from server.payment import status as payment_status
from server.refund.models import Refund, RefundLine, Return, ReturnLine
from server.refund.records import OrderReturn, ReturnedUnits, StandingReturnLine

_RETURN = select(
    Return.id,
    Return.order_id,
    Return.status,
    Return.reason,
    Return.answer,
    Return.created_at,
    Return.updated_at,
    # A refund that failed for good may have been followed by one that did not; what is paid before the goods are
    # there is not said to have paid for them yet.
    select(func.max(Refund.id))
    .where(Refund.return_id == Return.id, Return.status == status.RECEIVED)
    .scalar_subquery()
    .label("refund_id"),
)


def insert_return(
    tx: Connection, order: PlacedOrder, units: Mapping[int, int], reason: str, now: datetime
) -> int:
    """Insert a return of units of an order, by position, and return its id."""
    statement = insert(Return).values(
        order_id=order.id,
        user_id=order.user_id,
        status=status.REQUESTED,
        reason=reason,
        answer="",
        created_at=now,
        updated_at=now,
    )
    return_id = int(tx.execute(statement.returning(Return.id)).scalar_one())
    lines = [
        {
            "return_id": return_id,
            "position": line.position,
            "variant_id": line.variant_id,
            "quantity": units[line.position],
        }
        for line in order.lines
        if line.position in units
    ]
    tx.execute(insert(ReturnLine), lines)
    return return_id


def open_return(connection: Connection, order_id: int) -> int | None:
    """The id of the return of an order that is open."""
    return connection.scalar(
        select(Return.id).where(Return.order_id == order_id, Return.status.in_(status.OPEN_RETURN))
    )


def return_of(connection: Connection, return_id: int) -> OrderReturn | None:
    """A return, with the id of its refund."""
    row = connection.execute(_RETURN.where(Return.id == return_id)).one_or_none()
    return from_row(OrderReturn, row) if row else None


def return_lines(connection: Connection, return_ids: Sequence[int]) -> dict[int, list[ReturnedUnits]]:
    """The lines of returns, by return."""
    statement = (
        select(
            ReturnLine.return_id,
            ReturnLine.position,
            ReturnLine.variant_id,
            ReturnLine.quantity,
            Variant.product_id,
        )
        .join(Variant, Variant.id == ReturnLine.variant_id)
        .where(ReturnLine.return_id.in_(return_ids))
        .order_by(ReturnLine.return_id, ReturnLine.position)
    )
    by_return: dict[int, list[ReturnedUnits]] = {return_id: [] for return_id in return_ids}
    for row in connection.execute(statement) if return_ids else ():
        by_return[row.return_id].append(from_row(ReturnedUnits, row))
    return by_return


def return_page(
    connection: Connection,
    *,
    user_id: int | None,
    order_id: int | None,
    state: str | None,
    after: Sequence[object] | None,
    limit: int,
) -> list[OrderReturn]:
    """Returns, the newest first, after the keys (created_at, id); None filters nothing."""
    statement = _RETURN
    for column, value in ((Return.user_id, user_id), (Return.order_id, order_id), (Return.status, state)):
        if value is not None:
            statement = statement.where(column == value)
    if after is not None:
        statement = statement.where(tuple_(Return.created_at, Return.id) < tuple(after))
    rows = connection.execute(statement.order_by(Return.created_at.desc(), Return.id.desc()).limit(limit))
    return [from_row(OrderReturn, row) for row in rows]


def settled_units(connection: Connection, order_id: int) -> dict[int, int]:
    """The units that were paid back and are or were sent back, by the position of their line."""
    statement = (
        select(RefundLine.position, func.sum(RefundLine.returned_quantity))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(Refund.order_id == order_id, Refund.status != payment_status.FAILED)
        .group_by(RefundLine.position)
    )
    return {position: int(units) for position, units in connection.execute(statement)}


def standing_return_lines(connection: Connection, order_id: int) -> list[StandingReturnLine]:
    """The lines of an order's returns that were not refused, with the state of each."""
    rows = connection.execute(
        select(
            ReturnLine.return_id,
            Return.status,
            ReturnLine.position,
            ReturnLine.quantity,
            ReturnLine.restocked,
            ReturnLine.restocked_by_refund,
        )
        .join(Return, Return.id == ReturnLine.return_id)
        .where(Return.order_id == order_id, Return.status != status.REJECTED)
        .order_by(ReturnLine.return_id, ReturnLine.position)
    )
    return [from_row(StandingReturnLine, row) for row in rows]


def move_units(
    tx: Connection, order_id: int, units: Iterable[tuple[int, int]], *, out: int, back: int
) -> None:
    """Count units of lines, by position, as being sent back (`out` 1, or -1 when no more) and as back."""
    rows = [{"line": position, "units": quantity} for position, quantity in units if quantity]
    if rows:
        tx.execute(
            update(OrderLine)
            .where(OrderLine.order_id == order_id, OrderLine.position == bindparam("line"))
            .values(
                returning_quantity=OrderLine.returning_quantity + out * bindparam("units"),
                returned_quantity=OrderLine.returned_quantity + back * bindparam("units"),
            ),
            rows,
        )


def release_settled(tx: Connection, order_id: int, position: int, units: int) -> None:
    """Count units of a line that were paid back as not sent back after all: those that were paid last."""
    statement = (
        select(RefundLine.refund_id, RefundLine.returned_quantity)
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(
            Refund.order_id == order_id,
            RefundLine.position == position,
            Refund.status != payment_status.FAILED,
        )
        .where(RefundLine.returned_quantity > 0)
        .order_by(RefundLine.refund_id.desc())
    )
    for row in tx.execute(statement).all():
        released = min(units, row.returned_quantity)
        units -= released
        if released:
            tx.execute(
                update(RefundLine)
                .where(RefundLine.refund_id == row.refund_id, RefundLine.position == position)
                .values(returned_quantity=RefundLine.returned_quantity - released)
            )


def move_return(tx: Connection, returned: OrderReturn, after: str, answer: str | None, now: datetime) -> bool:
    """Move a return to another state; False when it has moved since it was read. None keeps the answer."""
    moved = tx.execute(
        update(Return)
        .where(Return.id == returned.id, Return.status == returned.status)
        .values(status=after, updated_at=now, **({} if answer is None else {"answer": answer}))
    )
    return moved.rowcount == 1


def count_restocked(tx: Connection, return_id: int, units: Iterable[tuple[int, int]]) -> None:
    """Note how many units of a return's lines, by position, went back into stock."""
    rows = [{"line": position, "units": quantity} for position, quantity in units if quantity]
    if rows:
        tx.execute(
            update(ReturnLine)
            .where(ReturnLine.return_id == return_id, ReturnLine.position == bindparam("line"))
            .values(restocked=bindparam("units")),
            rows,
        )


def count_restocked_by_refund(tx: Connection, units: Iterable[tuple[int, int, int]]) -> None:
    """Note how many units of returns (return, position, units) a refund put into stock by itself."""
    rows = [{"one": one, "line": position, "units": count} for one, position, count in units]
    if rows:
        tx.execute(
            update(ReturnLine)
            .where(ReturnLine.return_id == bindparam("one"), ReturnLine.position == bindparam("line"))
            .values(restocked_by_refund=ReturnLine.restocked_by_refund + bindparam("units")),
            rows,
        )
