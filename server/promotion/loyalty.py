"""The rules of loyalty: where a user stands, their ledger, and what an admin changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.pricing.tiers import Tier, Tiers
from server.promotion import point_queries
from server.promotion.errors import PointsTooFew
from server.promotion.ledger import ADJUSTED
from server.user import service as accounts


@dataclass(frozen=True, slots=True)
class Waiting:
    """Points of a user's orders: of those on their way, and of delivered ones that can still be sent back."""

    pending: int = 0
    uncounted: int = 0


ReadWaiting = Callable[[Connection, int], Waiting]
"""Reads what waits in a user's orders, which the cart does not know."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a user stands; `missing` points reach the next tier."""

    user_id: int
    points: int
    owed: int
    lifetime: int
    waiting: Waiting
    tier: Tier
    next_tier: Tier | None

    @property
    def missing(self) -> int:
        """Lifetime points missing for the next tier; 0 at the highest."""
        return self.next_tier.from_points - self.lifetime if self.next_tier else 0


def standing(connection: Connection, user_id: int, tiers: Tiers, waiting: Waiting) -> Standing:
    """Where a user stands. Lifetime points alone decide the tier: see `service.count`."""
    account = point_queries.account(connection, user_id)
    tier = tiers.at(account.lifetime)
    return Standing(user_id, account.points, account.owed, account.lifetime, waiting, tier, tiers.after(tier))


def adjust(tx: Connection, user_id: int, points: int, reason: str, actor: Actor, now: datetime) -> None:
    """Give points to a user, or take them when negative. Raises UserNotFound and PointsTooFew.

    A gift is to be spent: nothing of it goes to what the user owes.
    """
    accounts.get_me(tx, user_id)
    if points > 0:
        point_queries.credit(tx, user_id, points)
    elif not point_queries.spend(tx, user_id, -points):
        raise PointsTooFew(points=point_queries.account(tx, user_id).points, requested=-points)
    entry = {"user_id": user_id, "kind": ADJUSTED, "points": points, "reason": reason, "created_at": now}
    point_queries.insert_entry(tx, entry)
    write(tx, actor, "AdjustPoints", f"user/{user_id}", now, points=points, reason=reason)
