"""What became of the lines of orders, as SQL: the units that their buyers kept, and the money that stayed.

The status of an order tells of the whole. Whoever asks what people bought asks its lines: of an order that is
RETURNED one unit of ten may have come back, and of one that is DELIVERED nearly all the money. A unit that was
paid back but never came back was kept; only units that came back are sent back.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, case, exists, or_, select

from server.order.models import Order, OrderLine
from server.order.status import CANCELLED, PAID, PENDING_PAYMENT, RETURNED
from server.payment.models import Payment

NEVER_SOLD: Final = (PENDING_PAYMENT, CANCELLED)
"""Orders of which nothing was ever sold. Training leaves the same out: see ml/data/interactions.py."""

SENT_BACK: Final[ColumnElement[int]] = case(
    (OrderLine.returned_quantity > OrderLine.restocked_quantity, OrderLine.returned_quantity),
    else_=OrderLine.restocked_quantity,
)
"""Units of a line that came back: by a return, or into stock before they left."""

NET_UNITS: Final[ColumnElement[int]] = OrderLine.quantity - SENT_BACK
"""Units of a line that its buyer kept."""

LINE_COST: Final[ColumnElement[int]] = (
    OrderLine.total_minor - OrderLine.discount_minor + OrderLine.tax_minor + OrderLine.shipping_minor
)
"""What was paid for a line, with its tax and shipping."""

HAS_NET_UNITS: Final[ColumnElement[bool]] = and_(
    OrderLine.returned_quantity < OrderLine.quantity, OrderLine.restocked_quantity < OrderLine.quantity
)
"""Whether any unit of a line was kept."""

IS_PURCHASE: Final[ColumnElement[bool]] = or_(
    Order.status.in_(sorted(PAID)),
    # Only an order that is RETURNED can have sent everything back: its lines are looked at, and no other's.
    and_(
        Order.status == RETURNED,
        exists(select(OrderLine.order_id).where(OrderLine.order_id == Order.id, HAS_NET_UNITS)).correlate(
            Order
        ),
    ),
)
"""Whether an order counts as bought: it was paid, not all of its money went back, and something of it was kept."""

STAYED: Final[ColumnElement[int]] = case(
    (Payment.order_id.is_(None), Order.total_minor),
    else_=Payment.captured_minor - Payment.refunded_minor,
)
"""What was paid for an order less what was paid back; of one without a payment, as imports are, what it cost.

For orders that are outer-joined to their payments.
"""
