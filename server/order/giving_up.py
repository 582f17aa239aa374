"""Giving an unpaid order up: what it took from its buyer's cart goes back there, whoever gives it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.cart.putting_back import Since, Unpaid, put_back
from server.order import buyer_queries


def give_back(
    tx: Connection,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    now: datetime,
    *,
    tell: bool,
) -> None:
    """Put what an unpaid order holds back into the cart, before its stock: a checkout locks them so."""

    def since(tx: Connection) -> Mapping[int, Since]:
        return buyer_queries.since(tx, values["user_id"], values["id"], values["placed_at"])

    order = Unpaid(
        values["number"],
        values["user_id"],
        values["currency"],
        values["total_minor"],
        lines,
        values["coupon_id"],
        values["points_redeemed"],
    )
    put_back(tx, order, since, now, tell=tell)
