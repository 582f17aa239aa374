"""Orders: turning the cart into one, and listing them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, selectinload

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
from bench.peers.fastapi_shop.schemas import CheckoutIn, OrderOut, OrderPage
from bench.peers.fastapi_shop.settings import PeerSettings
from bench.peers.fastapi_shop.totals import totals_of

router = APIRouter(tags=["orders"])

DELIVERY = timedelta(days=3)
WHOLE = (joinedload(Order.address), joinedload(Order.payment), selectinload(Order.lines))


@router.get("/orders", response_model=OrderPage)
async def list_orders(
    session: DbSession,
    user: CurrentUser,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
    page_token: Annotated[int | None, Query(gt=0)] = None,
) -> dict[str, object]:
    """A page of the caller's orders, the newest first."""
    page = select(Order).where(Order.user_id == user.id).options(*WHOLE).order_by(Order.id.desc())
    if page_token is not None:
        page = page.where(Order.id < page_token)
    orders = (await session.scalars(page.limit(page_size + 1))).all()
    more = len(orders) > page_size
    return {"items": orders[:page_size], "next_page_token": str(orders[page_size - 1].id) if more else ""}


@router.get("/orders/{order_id}", response_model=OrderOut)
async def get_order(order_id: int, session: DbSession, user: CurrentUser) -> Order:
    """One of the caller's orders; 404 when there is none."""
    order = await session.scalar(
        select(Order).where(Order.id == order_id, Order.user_id == user.id).options(*WHOLE)
    )
    if order is None:
        raise HTTPException(404, "There is no such order.")
    return order


@router.post("/checkout", response_model=OrderOut)
async def checkout(body: CheckoutIn, session: DbSession, user: CurrentUser, settings: SettingsOfApp) -> Order:
    """Order what is in the cart; the same request id gives the same order."""
    user_id, request_id = user.id, str(body.request_id)
    request_hash = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    address = await session.get(Address, body.address_id)
    if address is None or address.user_id != user_id:
        raise HTTPException(404, "There is no such address.")
    cart = await locked_cart(session, user_id)
    if cart is None:
        placed = await placed_order(session, user_id, request_id, request_hash)
        if placed is None:
            raise HTTPException(400, "The cart is empty.")
        return placed
    take_stock(cart)
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
        await session.commit()
    except IntegrityError:
        await session.rollback()
        placed = await placed_order(session, user_id, request_id, request_hash)
        if placed is None:
            raise
        return placed
    return order


async def locked_cart(session: AsyncSession, user_id: int) -> Cart | None:
    """The cart, its lines and their products, locked in one statement; None when there are no lines.

    Products are locked in the order of their ids, so that two buyers cannot deadlock.
    """
    cart = await session.scalars(
        select(Cart)
        .join(Cart.items)
        .join(CartItem.product)
        .where(Cart.user_id == user_id)
        .options(contains_eager(Cart.items).contains_eager(CartItem.product))
        .order_by(Product.id)
        .with_for_update(of=[Cart, Product])
    )
    return cart.unique().one_or_none()


async def placed_order(
    session: AsyncSession, user_id: int, request_id: str, request_hash: str
) -> Order | None:
    """The order this request has already made, if any; 409 when its body was another."""
    order = await session.scalar(
        select(Order).where(Order.user_id == user_id, Order.request_id == request_id).options(*WHOLE)
    )
    if order is not None and order.request_hash != request_hash:
        raise HTTPException(409, "This request id was used for another order.")
    return order


def take_stock(cart: Cart) -> None:
    """Take every line's quantity from the stock of its product, which is locked; written with the commit."""
    for item in cart.items:
        if item.product.stock < item.quantity:
            raise HTTPException(409, f"Not enough of {item.product.name} left.")
        item.product.stock -= item.quantity
        item.product.sold += item.quantity


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
