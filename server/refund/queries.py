"""SQL of refunds and what they change of an order: one function per question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, exists, func, insert, select, update

from server.catalog.models import Variant
from server.db.rows import from_row
from server.db.upsert import insert_for
from server.order.models import Order, OrderLine
from server.payment import status as payment_status
from server.payment.gateway import RefundOutcome
from server.payment.models import Dispute, Payment
from server.refund.models import Refund, RefundLine
from server.refund.parts import Parts
from server.refund.records import BookedUnits, OrderRefund, RefundAttempt, RefundedUnits, RefundTotals

_REFUND = select(
    Refund.id,
    Refund.order_id,
    Refund.amount_minor,
    Refund.tax_minor,
    Refund.shipping_minor,
    Refund.currency,
    Refund.reason,
    Refund.origin,
    Refund.status,
    Refund.before_shipping,
    Refund.gateway_id,
    Refund.attempts,
    Refund.created_at,
    Refund.updated_at,
)
_ATTEMPT = (
    select(
        Refund.id,
        Refund.order_id,
        Refund.origin,
        Refund.key,
        Refund.amount_minor,
        Refund.currency,
        Order.number,
        Payment.gateway,
        Payment.gateway_id,
    )
    .join(Order, Order.id == Refund.order_id)
    .join(Payment, Payment.order_id == Refund.order_id)
)
"""Refunds as a gateway must know them."""


def move_refunded(tx: Connection, order_id: int, minor: int, now: datetime) -> int | None:
    """Count an amount as paid back, or as not when below zero, and return what is paid back now.

    None when more would be paid back than was captured, or nothing was.
    """
    row = tx.execute(
        update(Payment)
        .where(
            Payment.order_id == order_id,
            Payment.status == payment_status.CAPTURED,
            Payment.refunded_minor + minor <= Payment.captured_minor,
        )
        .values(refunded_minor=Payment.refunded_minor + minor, updated_at=now)
        .returning(Payment.refunded_minor)
    ).one_or_none()
    return int(row.refunded_minor) if row else None


def refund_totals(connection: Connection, order_id: int) -> RefundTotals:
    """The refunds of an order, summed up."""
    stands = Refund.status != payment_status.FAILED
    in_dispute = (Refund.status == payment_status.PENDING) & (Refund.origin == payment_status.DISPUTE)
    row = connection.execute(
        select(
            func.count(),
            func.sum(case((stands, Refund.tax_minor), else_=0)),
            func.sum(case((stands, Refund.shipping_minor), else_=0)),
            func.sum(case((Refund.status == payment_status.SUCCEEDED, Refund.amount_minor), else_=0)),
            func.sum(case((in_dispute, Refund.amount_minor), else_=0)),
        ).where(Refund.order_id == order_id)
    ).one()
    return RefundTotals(*(int(value or 0) for value in row))


def book_refund_lines(tx: Connection, order_id: int, lines: Sequence[BookedUnits]) -> None:
    """Write lines of refunds, and count them."""
    if lines:
        tx.execute(
            insert(RefundLine),
            [
                {
                    "refund_id": line.refund_id,
                    "position": line.position,
                    "variant_id": line.variant_id,
                    "quantity": line.quantity,
                    "returned_quantity": line.returned_quantity,
                    "amount_minor": line.amount_minor,
                }
                for line in lines
            ],
        )
        count_refunded(tx, order_id, [(line.position, line.quantity, line.amount_minor) for line in lines])


def paid_ahead(connection: Connection, return_id: int) -> list[tuple[int, int]]:
    """The refunds that an open return's units had without naming any, and their amounts, the oldest first."""
    statement = (
        select(Refund.id, Refund.amount_minor)
        .where(Refund.return_id == return_id, Refund.status != payment_status.FAILED)
        .where(~exists().where(RefundLine.refund_id == Refund.id))
        .order_by(Refund.id)
    )
    return [(row.id, int(row.amount_minor)) for row in connection.execute(statement)]


def insert_refund(
    tx: Connection,
    order_id: int,
    *,
    return_id: int | None,
    actor_id: int | None,
    parts: Parts,
    currency: str,
    reason: str,
    origin: str,
    before_shipping: bool,
    key: str,
    gateway_id: str,
    next_attempt_at: datetime | None,
    now: datetime,
) -> int | None:
    """Insert a refund that is PENDING, and return its id; None when there is one with its key."""
    statement = insert_for(tx)(Refund).values(
        order_id=order_id,
        return_id=return_id,
        actor_id=actor_id,
        amount_minor=parts.amount,
        tax_minor=parts.tax,
        shipping_minor=parts.shipping,
        currency=currency,
        reason=reason,
        origin=origin,
        status=payment_status.PENDING,
        before_shipping=before_shipping,
        key=key,
        gateway_id=gateway_id,
        problem="",
        attempts=0,
        next_attempt_at=next_attempt_at,
        created_at=now,
        updated_at=now,
    )
    refund_id: int | None = tx.execute(
        statement.on_conflict_do_nothing(index_elements=[Refund.key]).returning(Refund.id)
    ).scalar_one_or_none()
    return refund_id


def count_refunded(
    tx: Connection, order_id: int, lines: Iterable[tuple[int, int, int]], sign: int = 1
) -> None:
    """Count units of lines (position, quantity, amount) as paid back; with -1 as not."""
    rows = [{"line": at, "units": sign * units, "minor": sign * minor} for at, units, minor in lines]
    if rows:
        tx.execute(
            update(OrderLine)
            .where(OrderLine.order_id == order_id, OrderLine.position == bindparam("line"))
            .values(
                refunded_quantity=OrderLine.refunded_quantity + bindparam("units"),
                refunded_minor=OrderLine.refunded_minor + bindparam("minor"),
            ),
            rows,
        )


def refund(connection: Connection, refund_id: int) -> OrderRefund | None:
    """A refund."""
    row = connection.execute(_REFUND.where(Refund.id == refund_id)).one_or_none()
    return from_row(OrderRefund, row) if row else None


def refund_by_key(connection: Connection, key: str) -> int | None:
    """The id of the refund that has an idempotency key."""
    return connection.scalar(select(Refund.id).where(Refund.key == key))


def refund_page(
    connection: Connection, order_id: int, after: Sequence[object] | None, limit: int
) -> list[OrderRefund]:
    """The refunds of an order, the oldest first, after the key (id)."""
    statement = _REFUND.where(Refund.order_id == order_id)
    if after is not None:
        statement = statement.where(Refund.id > after[0])
    rows = connection.execute(statement.order_by(Refund.id).limit(limit))
    return [from_row(OrderRefund, row) for row in rows]


def refund_lines(connection: Connection, refund_ids: Sequence[int]) -> dict[int, list[RefundedUnits]]:
    """The lines of refunds, by refund."""
    statement = (
        select(
            RefundLine.refund_id,
            RefundLine.position,
            RefundLine.variant_id,
            RefundLine.quantity,
            RefundLine.amount_minor,
            Variant.product_id,
        )
        .join(Variant, Variant.id == RefundLine.variant_id)
        .where(RefundLine.refund_id.in_(refund_ids))
        .order_by(RefundLine.refund_id, RefundLine.position)
    )
    by_refund: dict[int, list[RefundedUnits]] = {refund_id: [] for refund_id in refund_ids}
    for row in connection.execute(statement) if refund_ids else ():
        by_refund[row.refund_id].append(from_row(RefundedUnits, row))
    return by_refund


def due_refunds(connection: Connection, now: datetime, limit: int) -> Sequence[int]:
    """Refunds that wait to be tried again, those that wait longest first."""
    return connection.scalars(
        select(Refund.id)
        .where(Refund.status == payment_status.PENDING, Refund.next_attempt_at <= now)
        .order_by(Refund.next_attempt_at)
        .limit(limit)
    ).all()


def begin_attempt(tx: Connection, refund_id: int, now: datetime, retry_at: datetime) -> RefundAttempt | None:
    """Count an attempt to pay back, and return what the gateway must know; None when it is settled already."""
    tried = tx.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.status == payment_status.PENDING)
        .values(attempts=Refund.attempts + 1, next_attempt_at=retry_at, updated_at=now)
    )
    if not tried.rowcount:
        return None
    return from_row(RefundAttempt, tx.execute(_ATTEMPT.where(Refund.id == refund_id)).one())


def at_gateway(connection: Connection, order_id: int, key: str, gateway_id: str) -> OrderRefund | None:
    """The refund of an order that a gateway knows by our key or by its own id."""
    matches = Refund.gateway_id == gateway_id
    if key:
        matches |= Refund.key == key
    row = connection.execute(
        _REFUND.where(Refund.order_id == order_id, matches).order_by(Refund.id).limit(1)
    ).one_or_none()
    return from_row(OrderRefund, row) if row else None


def own_pending(connection: Connection, order_id: int) -> Sequence[int]:
    """The refunds of an order that the shop decided and that are not settled."""
    return connection.scalars(
        select(Refund.id)
        .where(
            Refund.order_id == order_id,
            Refund.status == payment_status.PENDING,
            Refund.origin == payment_status.SHOP,
        )
        .order_by(Refund.id)
    ).all()


def settle_refund(tx: Connection, refund_id: int, outcome: RefundOutcome, now: datetime) -> bool:
    """Record what the gateway said of a refund; False when it is settled already, and cannot become that."""
    before = [state for state, after in payment_status.REFUNDS.items() if outcome.status in after]
    settled = tx.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.status.in_(before or [payment_status.PENDING]))
        .values(
            status=outcome.status,
            gateway_id=outcome.gateway_id,
            problem=outcome.problem[:500],
            updated_at=now,
            **({} if outcome.status == payment_status.PENDING else {"next_attempt_at": None}),
            **({"paid_at": now} if outcome.status == payment_status.SUCCEEDED else {}),
        )
    )
    return settled.rowcount == 1


def mark_disputed(tx: Connection, order_id: int) -> None:
    """Note on an order's payment how its disputes stand: one that is open above all, then one that was lost."""
    counts = [
        exists().where(Dispute.order_id == Payment.order_id, Dispute.status == one)
        for one in (payment_status.OPEN, payment_status.LOST, payment_status.WON)
    ]
    stands = case(
        (counts[0], payment_status.OPEN),
        (counts[1], payment_status.LOST),
        (counts[2], payment_status.WON),
        else_="",
    )
    tx.execute(update(Payment).where(Payment.order_id == order_id).values(disputed=stands))
