"""Orders and what comes after them, for the tests of cancellations, refunds and returns."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from google.type.money_pb2 import Money
from sanset.v1 import order_pb2, order_service_pb2, tracking_pb2
from sanset.v1 import refund_service_pb2 as pb
from sanset.v1.refund_pb2 import Refund, Return
from support.cart_shop import CENT, stock_of
from support.running_shop import Account, RunningShop

from server.payment.gateway import Charge, Gateway, GatewayAway, Gateways, Outcome, RefundOrder, RefundOutcome


def new_id() -> str:
    """A request id."""
    return str(uuid.uuid4())


def usd(amount: str) -> Money:
    """An amount in USD: "12.99"."""
    cents = int(Decimal(amount) * 100)
    return Money(currency_code="USD", units=cents // 100, nanos=cents % 100 * CENT)


def bought(shop: RunningShop, buyer: Account, *wanted: tuple[int, int, int]) -> order_pb2.Order:
    """An order of new products: (units of the price, cents of the price, quantity) each."""
    for units, rest, quantity in wanted:
        shop.add(buyer, shop.product(units=units, nanos=rest * CENT).id, quantity)
    return shop.checkout(buyer).order


def delivered(shop: RunningShop, order: order_pb2.Order) -> order_pb2.Order:
    """Move an order to its buyer."""
    for status in (order_pb2.Order.PROCESSING, order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED):
        order = shop.move(order.id, status)
    return order


def units(order: order_pb2.Order, *quantities: int) -> list[order_pb2.LineQuantity]:
    """Units of the order's lines, in their order."""
    return [
        order_pb2.LineQuantity(variant_id=item.variant_id, quantity=quantity)
        for item, quantity in zip(order.items, quantities, strict=False)
        if quantity
    ]


def cancel(shop: RunningShop, who: Account, order_id: int, request_id: str = "") -> order_pb2.Order:
    """Cancel an order."""
    request = pb.CancelOrderRequest(order_id=order_id, reason="Changed my mind", request_id=request_id)
    return shop.refunds.CancelOrder(request, metadata=who.metadata)


def refund(shop: RunningShop, order_id: int, **fields: object) -> Refund:
    """Pay back, as the admin; everything when nothing is said."""
    fields = fields if fields.keys() & {"items", "amount"} else {"all": True} | fields
    request = pb.RefundOrderRequest(order_id=order_id, **fields)  # type: ignore[arg-type]
    return shop.refunds.RefundOrder(request, metadata=shop.admin.metadata)


def refunds(shop: RunningShop, who: Account, order_id: int) -> list[Refund]:
    """The refunds of an order."""
    request = pb.ListRefundsRequest(order_id=order_id)
    return list(shop.refunds.ListRefunds(request, metadata=who.metadata).items)


def ask_return(
    shop: RunningShop,
    who: Account,
    order_id: int,
    items: list[order_pb2.LineQuantity] | None = None,
    **fields: str,
) -> Return:
    """Ask to send units back; all when none are named."""
    values = {"reason": "Too small"} | fields
    request = pb.RequestReturnRequest(order_id=order_id, items=items, all=not items, **values)  # type: ignore[arg-type]
    return shop.refunds.RequestReturn(request, metadata=who.metadata)


def approve(shop: RunningShop, return_id: int) -> Return:
    """Agree to a return, as the admin."""
    request = pb.ApproveReturnRequest(return_id=return_id, comment="Use the label inside.")
    return shop.refunds.ApproveReturn(request, metadata=shop.admin.metadata)


def reject(shop: RunningShop, return_id: int) -> Return:
    """Refuse a return, as the admin."""
    request = pb.RejectReturnRequest(return_id=return_id, comment="It was worn.")
    return shop.refunds.RejectReturn(request, metadata=shop.admin.metadata)


def receive(
    shop: RunningShop,
    return_id: int,
    restocked: list[order_pb2.LineQuantity] | None = None,
    request_id: str = "",
) -> Return:
    """Take the goods of a return in, as the admin."""
    request = pb.ReceiveReturnRequest(
        return_id=return_id, restock_items=restocked or [], request_id=request_id
    )
    return shop.refunds.ReceiveReturn(request, metadata=shop.admin.metadata)


def sent_back(
    shop: RunningShop, buyer: Account, order: order_pb2.Order, *quantities: int, restock: bool = True
) -> Return:
    """A return from the question to the goods."""
    asked = ask_return(shop, buyer, order.id, units(order, *quantities))
    approve(shop, asked.id)
    return receive(shop, asked.id, list(asked.items) if restock else [])


def get(shop: RunningShop, who: Account, order_id: int) -> order_pb2.Order:
    """An order."""
    return shop.orders.GetOrder(order_service_pb2.GetOrderRequest(order_id=order_id), metadata=who.metadata)


def state(shop: RunningShop, order_id: int) -> str:
    """The status of an order."""
    return order_pb2.Order.Status.Name(get(shop, shop.admin, order_id).status)


def steps(shop: RunningShop, who: Account, order_id: int) -> list[tuple[str, str]]:
    """The steps of an order: status and message."""
    request = tracking_pb2.GetTrackingRequest(order_id=order_id)
    events = shop.orders.GetTracking(request, metadata=who.metadata).events
    return [(order_pb2.Order.Status.Name(event.status), event.message) for event in events]


def stock(shop: RunningShop, order: order_pb2.Order) -> list[int]:
    """What is left of the products of an order's lines."""
    return [stock_of(shop, item.product_id) for item in order.items]


def audited(shop: RunningShop, order_id: int) -> list[str]:
    """What the audit log tells of an order."""
    rows = shop.sql("SELECT action FROM audit_entries WHERE subject = :s ORDER BY id", s=f"order/{order_id}")
    return [row.action for row in rows]


class StubbornGateway:
    """A gateway that answers refunds as it is told, and remembers what it was asked. "away" raises.

    "SUCCEEDED" is what the real one says, which pays.
    """

    name = "demo"

    def __init__(self, real: Gateway, *answers: str) -> None:
        self._real = real
        self._answers = list(answers)
        self.asked: list[RefundOrder] = []

    async def refund(self, order: RefundOrder) -> RefundOutcome:
        """Answer with the next answer; the last one stays."""
        self.asked.append(order)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer == "away":
            raise GatewayAway("nobody there")
        if answer == "SUCCEEDED":
            return await self._real.refund(order)
        return RefundOutcome(answer, f"re-{order.key}", "No such account." if answer == "FAILED" else "")

    async def open(self, charge: Charge) -> str:
        """Not asked here."""
        raise NotImplementedError

    async def charge(self, charge: Charge, gateway_id: str) -> Outcome:
        """Not asked here."""
        raise NotImplementedError

    async def find(self, key: str, gateway_id: str) -> Outcome | None:
        """Not asked here."""
        raise NotImplementedError

    async def cancel(self, key: str, gateway_id: str) -> Outcome:
        """Not asked here."""
        raise NotImplementedError

    def read_report(self, body: bytes, headers: object) -> None:
        """Not asked here."""
        raise NotImplementedError


@contextmanager
def refunded_by(shop: RunningShop, *answers: str) -> Iterator[StubbornGateway]:
    """Have a gateway of the test's pay back meanwhile."""
    paying = shop.app.rooms.refund.refunds
    usual = paying._gateways
    stubborn = StubbornGateway(usual.named("demo"), *answers)
    paying._gateways = Gateways({"CARD": stubborn})
    try:
        yield stubborn
    finally:
        paying._gateways = usual


def try_again(shop: RunningShop) -> None:
    """Let the job pay back what is due, and let everything be due."""
    shop.sql("UPDATE refunds SET next_attempt_at = created_at WHERE status = 'PENDING'")
    shop.run(shop.app.rooms.refund.refunds.process_pending())
