"""The transactions of a checkout: reserve before the payment, confirm or release after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.auth import addresses
from server.cart import delivery
from server.cart import service as carts
from server.cart.errors import CurrencyMismatch
from server.cart.pricing import PriceRules, totals
from server.catalog import inventory
from server.catalog.inventory import Offer
from server.db.base import AnyRow
from server.events.log import NewEvent, publish
from server.money import Money
from server.order import queries, status
from server.order.errors import OrderNotFound, PriceChanged
from server.order.numbers import order_number, tracking_number
from server.order.payments.gateway import Outcome
from server.order.steps import MESSAGES, Step, record


@dataclass(frozen=True)
class Purchase:
    """What a buyer asks for."""

    user_id: int
    request_id: str
    body_hash: str
    payment_method: str
    payment_token: str
    address_id: int | None
    delivery_option: str
    expected_total: Money | None


@dataclass(frozen=True)
class PlacedOrder:
    """An order as it is stored: its row's values, and the rows of its lines."""

    id: int
    values: dict[str, Any]
    lines: list[dict[str, Any]]

    @property
    def units(self) -> dict[int, int]:
        """Units by variant."""
        return {line["variant_id"]: line["quantity"] for line in self.lines}


def reserve(
    tx: Connection, purchase: Purchase, rules: PriceRules, now: datetime, held_for: timedelta
) -> PlacedOrder:
    """Turn the buyer's cart into an unpaid order that holds its stock.

    Raises CartEmpty, AddressNotFound, OutOfStock, QuantityAboveLimit, CurrencyMismatch and PriceChanged.
    """
    units = carts.take(tx, purchase.user_id, now)
    address = addresses.get_for_checkout(tx, purchase.user_id, purchase.address_id)
    offers = inventory.take_stock(tx, units)
    rows = _line_rows(units, offers)
    currency = _one_currency(offers)
    cost = totals([row["total_minor"] for row in rows], currency, address.country, rules)
    _check_agreed(purchase.expected_total, Money(cost.total, currency))
    eta = delivery.eta(purchase.delivery_option, now)
    values = {
        "number": order_number(),
        "user_id": purchase.user_id,
        "request_id": purchase.request_id,
        "status": status.PENDING_PAYMENT,
        "currency": currency,
        "subtotal_minor": cost.subtotal,
        "discount_minor": cost.discount,
        "tax_minor": cost.tax,
        "shipping_minor": cost.shipping,
        "total_minor": cost.total,
        "address": addresses.snapshot(address),
        "delivery_option": purchase.delivery_option,
        "tracking_number": tracking_number(),
        "eta": eta,
        "last_sequence": 1,
        "reserved_until": now + held_for,
        "placed_at": now,
        "updated_at": now,
    }
    order_id = queries.insert_order(tx, values)
    queries.insert_lines(tx, [row | {"order_id": order_id} for row in rows])
    payment = _payment_row(purchase, cost.total, currency, now)
    queries.insert_payment(tx, payment | {"order_id": order_id})
    step = Step(1, status.PENDING_PAYMENT, MESSAGES[status.PENDING_PAYMENT], "", eta, now)
    publish(tx, record(tx, order_id, purchase.user_id, step), inventory.stock_event(offers))
    shown = {f"payment_{name}": payment[name] for name in ("method", "token", "status")}
    return PlacedOrder(order_id, values | shown | {"payment_minor": cost.total, "gateway_id": ""}, rows)


def _line_rows(units: dict[int, int], offers: dict[int, Offer]) -> list[dict[str, Any]]:
    rows = []
    for position, (variant_id, quantity) in enumerate(units.items(), start=1):
        offer = offers[variant_id]
        carts.check_quantity(offer, quantity)
        rows.append(
            {
                "position": position,
                "product_id": offer.product_id,
                "variant_id": variant_id,
                "sku": offer.sku,
                "name": offer.name,
                "quantity": quantity,
                "price_minor": offer.price_minor,
                "total_minor": offer.price_minor * quantity,
            }
        )
    return rows


def _one_currency(offers: dict[int, Offer]) -> str:
    first, *others = offers.values()
    for other in others:
        if other.currency != first.currency:
            raise CurrencyMismatch(cart_currency=first.currency, product=other.name, currency=other.currency)
    return first.currency


def _check_agreed(expected: Money | None, total: Money) -> None:
    if expected is not None and not expected.agrees_with(total):
        raise PriceChanged(total=total, expected=expected)


def _payment_row(purchase: Purchase, minor: int, currency: str, now: datetime) -> dict[str, Any]:
    return {
        "gateway": "demo",
        "method": purchase.payment_method,
        "token": purchase.payment_token,
        "status": "PENDING",
        "amount_minor": minor,
        "currency": currency,
        "gateway_id": "",
        "updated_at": now,
    }


def confirm(
    tx: Connection, order: PlacedOrder, outcome: Outcome, now: datetime
) -> tuple[PlacedOrder, NewEvent] | None:
    """Record that the payment was captured, and confirm the order; None when it does not wait for it any more.

    The caller publishes the event with the last of its own writes.
    """
    sequence = queries.advance(tx, order.id, status.PENDING_PAYMENT, status.CONFIRMED, now)
    if sequence is None:
        return None
    queries.settle_payment(tx, order.id, "CAPTURED", outcome.gateway_id, now)
    values = order.values
    step = Step(sequence, status.CONFIRMED, MESSAGES[status.CONFIRMED], "", values["eta"], now)
    event = record(tx, order.id, values["user_id"], step)
    bought = {
        "products": [line["product_id"] for line in order.lines],
        "country": values["address"].get("country", ""),
    }
    changed = {
        "status": status.CONFIRMED,
        "last_sequence": sequence,
        "updated_at": now,
        "payment_status": "CAPTURED",
        "gateway_id": outcome.gateway_id,
    }
    told = replace(event, payload=(event.payload or {}) | bought)
    return PlacedOrder(order.id, values | changed, order.lines), told


def release(tx: Connection, order: PlacedOrder, outcome: Outcome, now: datetime) -> bool:
    """Cancel an order whose payment was declined and restore stock and cart; False when it moved on meanwhile."""
    sequence = queries.advance(tx, order.id, status.PENDING_PAYMENT, status.CANCELLED, now)
    if sequence is None:
        return False
    queries.settle_payment(tx, order.id, "DECLINED", outcome.gateway_id, now)
    # The cart is locked before the stock, as `reserve` does: the other way round the two could deadlock.
    carts.put_back(tx, order.values["user_id"], order.values["currency"], order.lines, now)
    offers = inventory.return_stock(tx, order.units)
    step = Step(
        sequence, status.CANCELLED, "Your payment was declined; the order was cancelled.", "", None, now
    )
    event = record(tx, order.id, order.values["user_id"], step)
    publish(tx, event, inventory.stock_event(offers))
    return True


def read_placed(connection: Connection, user_id: int, request_id: str) -> PlacedOrder:
    """The order that a request id made, read back by a call that takes it over."""
    row = queries.order_by_request(connection, user_id, request_id)
    if row is None:
        raise OrderNotFound(order_id=f"with the request id {request_id}")
    return placed(row, queries.lines(connection, [row.id])[row.id])


def placed(row: AnyRow, lines: list[AnyRow]) -> PlacedOrder:
    """An order from its rows."""
    return PlacedOrder(row.id, dict(row._mapping), [dict(line._mapping) for line in lines])
