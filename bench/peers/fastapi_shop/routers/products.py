"""Products: one by id, and lists by category."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from bench.peers.fastapi_shop.dependencies import CurrentUser, DbSession
from bench.peers.fastapi_shop.models import Category, Product
from bench.peers.fastapi_shop.schemas import ProductOut, ProductPage

router = APIRouter(prefix="/products", tags=["products"])


@router.get("/{product_id}", response_model=ProductOut)
def get_product(product_id: int, session: DbSession, user: CurrentUser) -> Product:
    """One product with its category; 404 when there is none."""
    product = session.scalar(
        select(Product)
        .where(Product.id == product_id, Product.is_active)
        .options(joinedload(Product.category, innerjoin=True))
    )
    if product is None:
        raise HTTPException(404, "There is no such product.")
    return product


@router.get("", response_model=ProductPage)
def list_products(
    session: DbSession,
    user: CurrentUser,
    category: str | None = None,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
    page_token: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, object]:
    """A page of products in order of id, of one category if asked."""
    query = (
        select(Product)
        .where(Product.id > page_token, Product.is_active)
        .options(joinedload(Product.category, innerjoin=True))
        .order_by(Product.id)
        .limit(page_size + 1)
    )
    if category is not None:
        query = query.where(Product.category.has(Category.slug == category))
    products = session.scalars(query).all()
    more = len(products) > page_size
    return {
        "items": products[:page_size],
        "next_page_token": str(products[page_size - 1].id) if more else "",
    }
