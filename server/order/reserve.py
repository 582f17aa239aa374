"""The first transaction of a checkout: an unpaid order that holds its stock. `outcomes` has those that end it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from server.cart import service as carts
from server.cart.errors import CurrencyMismatch
from server.cart.service import Taken
from server.cart.shown import totals
from server.catalog.offers import Offer
from server.db.base import AnyRow
from server.errors import InvalidMoney
from server.events.log import publish
from server.events.topics import StockMoved
from server.inventory import service as inventory
from server.money import Money
from server.order import buyers_limits, payment_queries, queries, status
from server.order.errors import OrderNotFound, PriceChanged, RequestIdUsed, UnseenTotal
from server.order.numbers import order_number
from server.order.steps import MESSAGES, Step, record
from server.payment.gateway import PENDING
from server.pricing import delivery
from server.pricing.prices import CouponRule, Item, Priced, PriceRules, price
from server.promotion import service as promotions
from server.user import addresses

NO_GATEWAY = "none"
"""The gateway of an order that costs nothing."""


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
    coupon_code: str = ""
    payment_method_id: int | None = None
    gateway: str = "demo"


@dataclass(frozen=True)
class PlacedOrder:
    """An order as it is stored: its row's values, the rows of its lines, and the dispute to show, if any."""

    id: int
    values: dict[str, Any]
    lines: list[dict[str, Any]]
    dispute: AnyRow | None = None

    @property
    def units(self) -> dict[int, int]:
        """Units by variant."""
        return {line["variant_id"]: line["quantity"] for line in self.lines}


@dataclass(frozen=True)
class CheckoutRules:
    """What the shop decides about its checkout."""

    prices: PriceRules
    held_for: timedelta
    payment_seconds: float
    most_unpaid: int


def reserve(tx: Connection, purchase: Purchase, checkout: CheckoutRules, now: datetime) -> PlacedOrder:
    """Turn the buyer's cart into an unpaid order that holds its stock.

    The lock of the cart is what makes the buyer's checkouts follow each other: what is counted over their orders
    stays true until the commit. Raises CartEmpty, TooManyUnpaid, AddressNotFound, OutOfStock, QuantityAboveLimit,
    PurchaseLimit, CurrencyMismatch, InvalidMoney, PriceChanged, UnseenTotal, RequestIdUsed, PointsTooFew,
    PointsHeld, and why the coupon cannot be used.
    """
    rules = checkout.prices
    cart = carts.take(tx, purchase.user_id, now)
    buyers_limits.check_unpaid(cart.unpaid, checkout.most_unpaid)
    address = addresses.get_for_checkout(tx, purchase.user_id, purchase.address_id)
    offers = inventory.hold_stock(tx, cart.units, now)
    items = _items(cart.units, offers)
    buyers_limits.check_periods(
        tx, purchase.user_id, [(offers[one], n) for one, n in cart.units.items()], now
    )
    currency = _one_currency(offers)
    offered = promotions.reductions(
        tx,
        purchase.user_id,
        rules.tiers,
        now,
        currency=currency,
        coupon_id=cart.coupon_id,
        coupon_code=purchase.coupon_code,
        points=cart.points,
    )
    cost = price(items, currency, address.country, rules, offered.reductions)
    promotions.check(offered, cost)
    without_code = price(
        items, currency, address.country, rules, replace(offered.reductions, coupon=None)
    ).total
    _check_agreed(purchase, cart, Money(cost.total, currency), without_code)
    coupon = offered.reductions.coupon
    values = _order_values(purchase, cost, coupon, address, now, checkout.held_for)
    inventory.take_stock(tx, cart.units, offers)
    order_id = queries.insert_order(tx, values)
    if order_id is None:
        raise used(tx, purchase) or AssertionError("an order kept another out, and is not there")
    promotions.hold(tx, order_id, purchase.user_id, cost, coupon, now)
    rows = _line_rows(order_id, cost, offers)
    queries.insert_lines(tx, rows)
    payment = _payment_row(purchase, cost.total, currency, now)
    payment_queries.insert_payment(tx, payment | {"order_id": order_id})
    step = Step(1, status.PENDING_PAYMENT, MESSAGES[status.PENDING_PAYMENT], "", values["eta"], now)
    publish(tx, record(tx, order_id, purchase.user_id, step), _stock_event(offers))
    return PlacedOrder(order_id, {"id": order_id} | values | _shown(payment), rows)


def used(connection: Connection, purchase: Purchase) -> RequestIdUsed | None:
    """The refusal of a request id that made an order before, so long ago that its reply is forgotten."""
    row = queries.order_by_request(connection, purchase.user_id, purchase.request_id)
    return RequestIdUsed(used_for=f"order {row.id}") if row else None


def _order_values(
    purchase: Purchase,
    cost: Priced,
    coupon: CouponRule | None,
    address: Any,
    now: datetime,
    held_for: timedelta,
) -> dict[str, Any]:
    return {
        "number": order_number(),
        "user_id": purchase.user_id,
        "request_id": purchase.request_id,
        "status": status.PENDING_PAYMENT,
        **_cost_values(cost),
        "coupon_id": coupon.id if coupon else None,
        "coupon_code": coupon.code if coupon else "",
        "address": addresses.snapshot(address),
        "delivery_option": purchase.delivery_option,
        "tracking_number": "",  # the carrier's, once a parcel was handed over
        "eta": delivery.eta(purchase.delivery_option, now),
        "last_sequence": 1,
        "reserved_until": now + held_for,
        "placed_at": now,
        "updated_at": now,
    }


def _stock_event(offers: dict[int, Offer]) -> StockMoved:
    return inventory.stock_event(offer.product_id for offer in offers.values())


def _items(units: dict[int, int], offers: dict[int, Offer]) -> list[Item]:
    items = []
    for variant_id, quantity in units.items():
        offer = offers[variant_id]
        carts.check_quantity(offer, quantity)
        items.append(Item(variant_id, offer.list_minor, offer.price_minor, quantity))
    carts.check_limits([(offers[variant_id], quantity) for variant_id, quantity in units.items()])
    return items


def _cost_values(cost: Priced) -> dict[str, Any]:
    return {
        "currency": cost.currency,
        "subtotal_minor": cost.subtotal,
        "discount_minor": cost.discount,
        "product_discount_minor": cost.product_discount,
        "tier_discount_minor": cost.tier_discount,
        "coupon_discount_minor": cost.coupon_discount,
        "points_discount_minor": cost.points_discount,
        "points_redeemed": cost.points_redeemed,
        "points_earned": cost.points_earned,
        "tax_minor": cost.tax,
        "shipping_minor": cost.shipping,
        "total_minor": cost.total,
    }


def _line_rows(order_id: int, cost: Priced, offers: dict[int, Offer]) -> list[dict[str, Any]]:
    rows = []
    for position, line in enumerate(cost.lines, start=1):
        offer = offers[line.variant_id]
        rows.append(
            {
                "order_id": order_id,
                "position": position,
                "product_id": offer.product_id,
                "variant_id": line.variant_id,
                "sku": offer.sku,
                "name": offer.name,
                "quantity": line.quantity,
                "price_minor": offer.price_minor,
                "total_minor": line.total,
                "list_price_minor": offer.list_minor,
                "discount_minor": line.discount,
                "tax_minor": line.tax,
                "shipping_minor": line.shipping,
            }
        )
    return rows


def _one_currency(offers: dict[int, Offer]) -> str:
    first, *others = offers.values()
    for other in others:
        if other.currency != first.currency:
            raise CurrencyMismatch(cart_currency=first.currency, product=other.name, currency=other.currency)
    return first.currency


def _check_agreed(purchase: Purchase, cart: Taken, total: Money, without_code: int) -> None:
    """Raise when the buyer has neither said the total nor been shown it.

    A code of the checkout's own, in place of the cart's, may lower a total that was shown.
    """
    expected = purchase.expected_total
    refusal: PriceChanged | UnseenTotal
    if expected is None:
        seen = totals(cart.shown)
        if total.minor in seen or (purchase.coupon_code and without_code in seen):
            return
        refusal = UnseenTotal(total=total)
    else:
        if expected.currency not in ("", total.currency):
            raise InvalidMoney(field="expected_total", problem=f"must be in {total.currency}")
        if expected.agrees_with(total):
            return
        refusal = PriceChanged(total=total, expected=expected)
    refusal.version, refusal.minor = cart.version, total.minor
    raise refusal


def _payment_row(purchase: Purchase, minor: int, currency: str, now: datetime) -> dict[str, Any]:
    return {
        "gateway": purchase.gateway if minor else NO_GATEWAY,
        "method": purchase.payment_method,
        "token": purchase.payment_token,
        "status": PENDING,
        "amount_minor": minor,
        "captured_minor": 0,
        "refunded_minor": 0,
        "currency": currency,
        "gateway_id": "",
        "problem": "",
        "updated_at": now,
    }


def _shown(payment: dict[str, Any]) -> dict[str, Any]:
    """A payment's values under the names that an order shows them by."""
    return {
        "payment_gateway": payment["gateway"],
        "payment_method": payment["method"],
        "payment_token": payment["token"],
        "payment_status": payment["status"],
        "payment_minor": payment["amount_minor"],
        "payment_captured_minor": payment["captured_minor"],
        "payment_refunded_minor": payment["refunded_minor"],
        "payment_problem": payment["problem"],
        "payment_updated_at": payment["updated_at"],
        "gateway_id": payment["gateway_id"],
        "payment_disputed": "",
    }


def read_placed(connection: Connection, user_id: int, request_id: str) -> PlacedOrder:
    """The order that a request id made, read back by a call that takes it over."""
    row = queries.order_by_request(connection, user_id, request_id)
    if row is None:
        raise OrderNotFound(order_id=f"with the request id {request_id}")
    return placed(row, queries.lines(connection, [row.id])[row.id])


def placed(row: AnyRow, lines: list[AnyRow]) -> PlacedOrder:
    """An order from its rows."""
    return PlacedOrder(row.id, dict(row._mapping), [dict(line._mapping) for line in lines])
