"""Orders in a running shop that are counted when a test says so, and moved in time."""

from __future__ import annotations

from datetime import UTC, datetime

from support.running_shop import RunningShop

from server.analytics import rollup
from server.analytics.keeper import RollUpKeeper


def count(shop: RunningShop, zone: str = "UTC") -> None:
    """Have everything counted that waits, by a worker whose shop is in a zone."""
    core = shop.app.core

    async def run() -> None:
        keeper = RollUpKeeper(core.db, core.work, zone)
        while await keeper.run() is None:
            pass

    shop.run(run())


def placed_at(shop: RunningShop, order_id: int, moment: datetime) -> None:
    """Move an order in time, and count it as an import would."""
    shop.sql("UPDATE orders SET placed_at = :at WHERE id = :id", at=stored(moment), id=order_id)
    with shop.app.db.transaction() as tx:
        rollup.count_orders(tx, [order_id])


def stored(moment: datetime) -> str:
    """A time as plain SQL takes it on both databases, in UTC: of SQLite it is text of one form."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def utc(value: datetime | str) -> datetime:
    """A time as either database returns it to plain SQL."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
