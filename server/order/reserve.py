"""The first transaction of a checkout: an unpaid order that holds its stock. `outcomes` has those that end it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection

from server.cart import fitting
from server.cart import service as carts
from server.cart.fitting import LineUnits
from server.cart.shown import totals
from server.catalog.offers import Offer
from server.crypto.vault import Cell
from server.db.sealing import vault_of
from server.errors import InvalidMoney
from server.events.log import publish
from server.events.step_facts import StepCode
from server.inventory import service as inventory
from server.inventory.service import TakenStock
from server.metadata import Metadata
from server.money import Money
from server.order import buyers_limits, line_queries, payment_queries, queries, status
from server.order.errors import PriceChanged, UnseenTotal
from server.order.locked_cart import LockedCart, lock_cart
from server.order.numbers import order_number
from server.order.placed import PlacedLine, PlacedOrder
from server.order.steps import record, step_of
from server.payment.gateway import PENDING
from server.payment.order_payment import NO_GATEWAY, TOKENS, OrderPayment
from server.pricing import delivery
from server.pricing.prices import CouponRule, Item, Priced, PricedLine, PriceRules, price
from server.promotion import service as promotions
from server.repeats.claims import Claim
from server.settings import Settings
from server.user import addresses
from server.user.sealed_addresses import AddressSnapshot, seal_snapshot


@dataclass(frozen=True)
class Purchase:
    """What a buyer asks for."""

    user_id: int
    claim: Claim
    payment_method: str
    payment_token: str
    address_id: int | None
    delivery_option: str
    expected_total: Money | None
    coupon_code: str = ""
    payment_method_id: int | None = None
    metadata: Metadata | None = None
    gateway: str = "demo"
    language: str = ""

    @property
    def request_id(self) -> str:
        """What the buyer's checkout is known by."""
        return self.claim.key.request_id


@dataclass(frozen=True)
class CheckoutRules:
    """What the shop decides about its checkout."""

    prices: PriceRules
    reservation: timedelta
    payment_seconds: float
    max_unpaid: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(
            PriceRules.of(settings),
            timedelta(minutes=settings.reservation_minutes),
            settings.payment_timeout_seconds,
            settings.max_unpaid_orders,
        )


def reserve(tx: Connection, purchase: Purchase, checkout: CheckoutRules, now: datetime) -> PlacedOrder:
    """Turn the buyer's cart into an unpaid order that holds its stock.

    The lock of the cart is what makes the buyer's checkouts follow each other: what is counted over their orders
    stays true until the commit. Raises CartEmpty, TooManyUnpaid, AddressNotFound, OutOfStock, QuantityAboveLimit,
    PurchaseLimit, CurrencyMismatch, InvalidMoney, PriceChanged, UnseenTotal, RequestIdUsed, PointsTooFew,
    PointsHeld, and why the coupon cannot be used.
    """
    cart = lock_cart(tx, purchase, now)
    cell = Cell(TOKENS, cart.order_id)
    sealed = vault_of(tx).seal_token(purchase.payment_token, cell, purchase.user_id)
    buyers_limits.check_unpaid(cart.head.unpaid, checkout.max_unpaid)
    address = addresses.for_checkout(tx, cart.address, purchase.address_id)
    fitting.check(cart.lines, buyers_limits.above_periods(tx, purchase.user_id, cart.lines, now))
    cost, coupon = _priced(tx, purchase, cart, address.country, checkout.prices, now)
    order = _unpaid_order(
        replace(purchase, payment_token=sealed),
        cost,
        coupon,
        order_id=cart.order_id,
        lines=_lines(cost, cart.offers),
        address=seal_snapshot(vault_of(tx), addresses.snapshot(address), cart.order_id),
        now=now,
        reserved_until=now + checkout.reservation,
    )
    carts.empty_for_order(tx, cart.head.cart_id, is_promoted=cart.is_promoted)
    taken = inventory.take_stock(tx, cart.units, cart.levels)
    queries.insert_order(tx, order)
    promotions.hold(tx, order.id, purchase.user_id, cost, coupon, now)
    _complete(tx, order, taken)
    return order


def _complete(tx: Connection, order: PlacedOrder, taken: TakenStock) -> None:
    """Write what belongs to an order, and announce it."""
    line_queries.insert(tx, order.id, order.lines)
    taken.record(tx, order.id)
    payment_queries.insert_payment(tx, order.id, order.charge)
    step = step_of(1, order.status, StepCode.PLACED, order.placed_at, eta=order.eta)
    publish(tx, record(tx, order.id, order.user_id, step), *taken.events)


def _priced(
    tx: Connection, purchase: Purchase, cart: LockedCart, country: str, rules: PriceRules, now: datetime
) -> tuple[Priced, CouponRule | None]:
    """What the buyer agreed to pay, and the coupon that lowers it."""
    items, currency = [_item(line) for line in cart.lines], cart.lines[0].offer.currency
    offered = promotions.offered_by(
        tx,
        purchase.user_id,
        cart.head,
        rules.tiers,
        now,
        currency=currency,
        code=promotions.code_of(purchase.coupon_code),
        points=cart.head.cart_points,
    )
    cost = price(items, currency, country, rules, offered.reductions)
    promotions.check(offered, cost)
    acceptable = [cost.total]
    if purchase.coupon_code:  # in place of the cart's, it may lower a total that was shown
        acceptable.append(
            price(items, currency, country, rules, replace(offered.reductions, coupon=None)).total
        )
    _check_agreed(purchase, cart, Money(cost.total, currency), acceptable)
    return cost, offered.reductions.coupon


def _unpaid_order(
    purchase: Purchase,
    cost: Priced,
    coupon: CouponRule | None,
    *,
    order_id: int,
    lines: Sequence[PlacedLine],
    address: AddressSnapshot,
    now: datetime,
    reserved_until: datetime,
) -> PlacedOrder:
    return PlacedOrder(
        id=order_id,
        number=order_number(),
        user_id=purchase.user_id,
        request_id=purchase.request_id,
        status=status.PENDING_PAYMENT,
        currency=cost.currency,
        subtotal_minor=cost.subtotal,
        discount_minor=cost.discount,
        product_discount_minor=cost.product_discount,
        tier_discount_minor=cost.tier_discount,
        coupon_discount_minor=cost.coupon_discount,
        points_discount_minor=cost.points_discount,
        points_redeemed=cost.points_redeemed,
        points_earned=cost.points_earned,
        coupon_id=coupon.id if coupon else None,
        coupon_code=coupon.code if coupon else "",
        tax_minor=cost.tax,
        shipping_minor=cost.shipping,
        total_minor=cost.total,
        address=address,
        delivery_option=purchase.delivery_option,
        language=purchase.language,
        custom_metadata=purchase.metadata,
        tracking_number="",  # the carrier's, once a parcel was handed over
        eta=delivery.eta(purchase.delivery_option, now),
        last_sequence=1,
        reserved_until=reserved_until,
        placed_at=now,
        updated_at=now,
        lines=lines,
        payment=_payment(purchase, cost, now),
    )


def _payment(purchase: Purchase, cost: Priced, now: datetime) -> OrderPayment:
    return OrderPayment(
        gateway=purchase.gateway if cost.total else NO_GATEWAY,
        gateway_id="",
        method=purchase.payment_method,
        token=purchase.payment_token,
        status=PENDING,
        currency=cost.currency,
        amount_minor=cost.total,
        updated_at=now,
    )


def _item(line: LineUnits) -> Item:
    return Item(line.offer.variant_id, line.offer.list_minor, line.offer.price_minor, line.quantity)


def _lines(cost: Priced, offers: dict[int, Offer]) -> tuple[PlacedLine, ...]:
    return tuple(
        _line(position, line, offers[line.variant_id]) for position, line in enumerate(cost.lines, start=1)
    )


def _line(position: int, line: PricedLine, offer: Offer) -> PlacedLine:
    return PlacedLine(
        position=position,
        product_id=offer.product_id,
        variant_id=line.variant_id,
        sku=offer.sku,
        name=offer.name,
        quantity=line.quantity,
        price_minor=offer.price_minor,
        total_minor=line.total,
        list_price_minor=offer.list_minor,
        discount_minor=line.discount,
        tax_minor=line.tax,
        shipping_minor=line.shipping,
        options=offer.options,
    )


def _check_agreed(purchase: Purchase, cart: LockedCart, total: Money, acceptable: Sequence[int]) -> None:
    """Raise when the buyer has neither said the total nor been shown one of those that are `acceptable`."""
    expected = purchase.expected_total
    refusal: PriceChanged | UnseenTotal
    if expected is None:
        if not set(acceptable).isdisjoint(totals(cart.head.cart_shown)):
            return
        refusal = UnseenTotal(total=total)
    else:
        if expected.currency not in ("", total.currency):
            raise InvalidMoney(field="expected_total", problem=f"must be in {total.currency}")
        if expected.agrees_with(total):
            return
        refusal = PriceChanged(total=total, expected=expected.in_currency(total.currency))
    refusal.version, refusal.minor = cart.version, total.minor
    raise refusal
