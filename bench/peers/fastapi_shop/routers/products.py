"""Products: one by id, and lists by category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from bench.peers.fastapi_shop.dependencies import CurrentUser, DbSession
from bench.peers.fastapi_shop.models import Category, Product
from bench.peers.fastapi_shop.schemas import ProductOut, ProductPage

router = APIRouter(prefix="/products", tags=["products"])

COUNTED_TO = 1_000


@router.get("/{product_id}", response_model=ProductOut)
async def get_product(product_id: int, session: DbSession, user: CurrentUser) -> Product:
    """One product with its category; 404 when there is none."""
    product = await session.scalar(
        select(Product)
        .where(Product.id == product_id, Product.is_active)
        .options(joinedload(Product.category, innerjoin=True))
    )
    if product is None:
        raise HTTPException(404, "There is no such product.")
    return product


@router.get("", response_model=ProductPage)
async def list_products(
    session: DbSession,
    user: CurrentUser,
    category: str | None = None,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
    page_token: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, object]:
    """A page of products in order of id, of one category if asked."""
    matches: list[ColumnElement[bool]] = [Product.is_active.is_(True)]
    if category is not None:
        matches.append(Product.category.has(Category.slug == category))
    page = (
        select(Product)
        .where(Product.id > page_token, *matches)
        .options(joinedload(Product.category, innerjoin=True))
        .order_by(Product.id)
        .limit(page_size + 1)
    )
    products = (await session.scalars(page)).all()
    more = len(products) > page_size
    return {
        "items": products[:page_size],
        "next_page_token": str(products[page_size - 1].id) if more else "",
        "total_size": None if page_token else await count(session, matches),
    }


async def count(session: AsyncSession, matches: Sequence[ColumnElement[bool]]) -> int:
    """Count the matching products, no further than anyone reads."""
    counted = select(Product.id).where(*matches).limit(COUNTED_TO).subquery()
    return await session.scalar(select(func.count()).select_from(counted)) or 0
