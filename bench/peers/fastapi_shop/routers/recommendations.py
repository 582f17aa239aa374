"""Recommendations from co-purchase neighbours kept in a table."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import Select, desc, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.peers.fastapi_shop.dependencies import CurrentUser, DbSession
from bench.peers.fastapi_shop.models import Neighbour, Order, OrderLine, Product, User
from bench.peers.fastapi_shop.schemas import RecommendationOut, RecommendationsOut

router = APIRouter(prefix="/recommendations", tags=["recommendations"])


@router.get("/{user_id}", response_model=RecommendationsOut)
async def get_recommendations(
    user_id: int, session: DbSession, user: CurrentUser, limit: Annotated[int, Query(ge=1, le=50)] = 10
) -> RecommendationsOut:
    """Products that go with a user's purchases, best first; popular products fill the gaps."""
    if user_id != user.id and not user.is_admin:
        raise HTTPException(403, "These recommendations are someone else's.")
    if await session.get(User, user_id) is None:
        raise HTTPException(404, "There is no such user.")
    bought = (
        select(OrderLine.product_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.user_id == user_id)
    )
    strength = func.sum(Neighbour.score).label("strength")
    ties = (
        select(Neighbour.neighbour_id, strength)
        .join(Product, Product.id == Neighbour.neighbour_id)
        .where(
            Neighbour.product_id.in_(bought),
            Neighbour.neighbour_id.not_in(bought),
            Product.is_active,
            Product.stock > 0,
        )
        .group_by(Neighbour.neighbour_id)
        .order_by(desc(strength), Neighbour.neighbour_id)
        .limit(limit)
    )
    together = (await session.execute(ties)).all()
    strongest = together[0].strength if together else 1.0
    scores = {row.neighbour_id: row.strength / strongest for row in together}
    items = [
        RecommendationOut(
            product_id=key, score=score, reason="Often bought with what you bought", source="similar"
        )
        for key, score in scores.items()
    ]
    if len(items) < limit:
        missing = await popular(session, bought, list(scores), limit - len(items))
        items += [
            RecommendationOut(product_id=key, score=0.0, reason="Popular", source="popular")
            for key in missing
        ]
    return RecommendationsOut(items=items)


async def popular(session: AsyncSession, bought: Select[int], shown: list[int], limit: int) -> list[int]:
    """The best sellers a user neither bought nor is shown already."""
    best_sellers = (
        select(Product.id)
        .where(Product.is_active, Product.stock > 0, Product.id.not_in(bought), Product.id.not_in(shown))
        .order_by(Product.sold.desc(), Product.id)
        .limit(limit)
    )
    return list(await session.scalars(best_sellers))
