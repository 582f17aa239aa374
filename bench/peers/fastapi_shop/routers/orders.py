"""Orders: turning the cart into one."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, HTTPException
from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from bench.peers.fastapi_shop.dependencies import CurrentUser, DbSession, SettingsOfApp
from bench.peers.fastapi_shop.models import (
    Address,
    Cart,
    CartItem,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    Product,
)
from bench.peers.fastapi_shop.schemas import CheckoutIn, OrderOut
from bench.peers.fastapi_shop.settings import PeerSettings
from bench.peers.fastapi_shop.totals import totals_of

router = APIRouter(tags=["orders"])

DELIVERY = timedelta(days=3)


@router.post("/checkout", response_model=OrderOut)
def checkout(body: CheckoutIn, session: DbSession, user: CurrentUser, settings: SettingsOfApp) -> Order:
    """Order what is in the cart; the same request id gives the same order."""
    user_id, request_id = user.id, str(body.request_id)
    request_hash = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    placed = placed_order(session, user_id, request_id, request_hash)
    if placed is not None:
        return placed
    address = session.get(Address, body.address_id)
    if address is None or address.user_id != user_id:
        raise HTTPException(404, "There is no such address.")
    cart = session.scalar(
        select(Cart)
        .where(Cart.user_id == user_id)
        .options(selectinload(Cart.items).joinedload(CartItem.product, innerjoin=True))
        .with_for_update()
    )
    if cart is None or not cart.items:
        raise HTTPException(400, "The cart is empty.")
    take_stock(session, cart)
    order = new_order(cart, address, settings, request_id, request_hash)
    order.payment = Payment(
        method=body.payment_method,
        status="CAPTURED",
        amount=order.total,
        gateway_reference=f"demo_{secrets.token_hex(12)}",
    )
    session.add(order)
    cart.items.clear()
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
        placed = placed_order(session, user_id, request_id, request_hash)
        if placed is None:
            raise
        return placed
    return order


def placed_order(session: Session, user_id: int, request_id: str, request_hash: str) -> Order | None:
    """The order this request has already made, if any; 409 when its body was another."""
    order = session.scalar(
        select(Order)
        .where(Order.user_id == user_id, Order.request_id == request_id)
        .options(joinedload(Order.address), joinedload(Order.payment), selectinload(Order.lines))
    )
    if order is not None and order.request_hash != request_hash:
        raise HTTPException(409, "This request id was used for another order.")
    return order


def take_stock(session: Session, cart: Cart) -> None:
    """Take every line's quantity from stock, in order of product id so that two buyers cannot deadlock."""
    for item in sorted(cart.items, key=lambda item: item.product_id):
        taken = session.execute(
            update(Product)
            .where(Product.id == item.product_id, Product.stock >= item.quantity)
            .values(stock=Product.stock - item.quantity, sold=Product.sold + item.quantity)
            .execution_options(synchronize_session=False)
        )
        assert isinstance(taken, CursorResult)
        if taken.rowcount == 0:
            session.rollback()
            raise HTTPException(409, f"Not enough of {item.product.name} left.")


def new_order(
    cart: Cart, address: Address, settings: PeerSettings, request_id: str, request_hash: str
) -> Order:
    """The order of a cart, confirmed at once: the demo payment always succeeds."""
    now = datetime.now(UTC)
    totals = totals_of(cart.items, settings)
    return Order(
        user_id=cart.user_id,
        address=address,
        request_id=request_id,
        request_hash=request_hash,
        number=f"S-{now:%Y%m%d}-{secrets.token_hex(5).upper()}",
        tracking_number=f"TRK{secrets.token_hex(8).upper()}",
        status="CONFIRMED",
        currency=cart.items[0].product.currency,
        subtotal=totals.subtotal,
        tax=totals.tax,
        shipping=totals.shipping,
        total=totals.total,
        eta=now + DELIVERY,
        created_at=now,
        lines=[
            OrderLine(
                product_id=item.product_id,
                sku=item.product.sku,
                name=item.product.name,
                quantity=item.quantity,
                unit_price=item.product.price,
                line_total=item.product.price * item.quantity,
            )
            for item in cart.items
        ],
        events=[
            OrderEvent(sequence=1, status="PENDING_PAYMENT", message="Order received.", time=now),
            OrderEvent(sequence=2, status="CONFIRMED", message="Payment captured.", time=now),
        ],
    )
