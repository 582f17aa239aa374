"""The cart: adding a product, and reading it."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from bench.peers.fastapi_shop.dependencies import CurrentUser, DbSession
from bench.peers.fastapi_shop.models import Cart, CartItem, Product
from bench.peers.fastapi_shop.schemas import AddItemIn, CartLineOut, CartOut
from bench.peers.fastapi_shop.totals import subtotal_of

router = APIRouter(prefix="/cart", tags=["cart"])


@router.get("")
async def get_cart(session: DbSession, user: CurrentUser) -> CartOut:
    """The caller's cart at today's prices."""
    cart = (await session.scalars(cart_of(user.id))).unique().one_or_none()
    return cart_out(cart or Cart(user_id=user.id, items=[], updated_at=datetime.now(UTC)))


@router.post("/items")
async def add_item(body: AddItemIn, session: DbSession, user: CurrentUser) -> CartOut:
    """Put a product into the caller's cart, merging with a line that is there; answers the whole cart."""
    product = await session.get(Product, body.product_id)
    if product is None or not product.is_active:
        raise HTTPException(404, "There is no such product.")
    now = datetime.now(UTC)
    cart = (await session.scalars(cart_of(user.id))).unique().one_or_none()
    if cart is None:
        cart = Cart(user_id=user.id, items=[], updated_at=now)
        session.add(cart)
    item = next((item for item in cart.items if item.product_id == product.id), None)
    quantity = body.quantity + (item.quantity if item else 0)
    if quantity > product.max_quantity:
        raise HTTPException(400, f"At most {product.max_quantity} of {product.name} per order.")
    if quantity > product.stock:
        raise HTTPException(409, f"Only {product.stock} of {product.name} left; {quantity} wanted.")
    if item is None:
        line = CartItem(product_id=product.id, product=product, quantity=quantity, added_price=product.price)
        cart.items.append(line)
    else:
        item.quantity, item.added_price = quantity, product.price
    cart.updated_at = now
    await session.commit()
    return cart_out(cart)


def cart_of(user_id: int) -> Select[Cart]:
    """A user's cart with its lines and their products, in one statement."""
    return (
        select(Cart)
        .where(Cart.user_id == user_id)
        .options(joinedload(Cart.items).joinedload(CartItem.product, innerjoin=True))
    )


def cart_out(cart: Cart) -> CartOut:
    """The cart as its owner sees it, at today's prices."""
    lines = [
        CartLineOut(
            id=item.id,
            product_id=item.product_id,
            name=item.product.name,
            quantity=item.quantity,
            price=item.product.price,
            line_total=item.product.price * item.quantity,
            added_price=item.added_price,
            price_changed=item.added_price != item.product.price,
            stock=item.product.stock,
            available=item.product.is_active and item.product.stock >= item.quantity,
        )
        for item in cart.items
    ]
    return CartOut(
        items=lines,
        currency=cart.items[0].product.currency if cart.items else "USD",
        subtotal=subtotal_of(cart.items),
        item_count=sum(item.quantity for item in cart.items),
        updated_at=cart.updated_at,
    )
