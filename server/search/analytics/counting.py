"""Counts the searches day by day, and finds the queries that may be suggested: two jobs.

A day is counted as a whole, so that counting again is harmless. Today is counted every few minutes, a day that is
over once more a day for as long as orders may follow from it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.clock import Clock
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing
from server.db.deadline import Deadline
from server.db.work import Work
from server.recommend.feedback.online import POSITIONS
from server.recommend.feedback.touches import CLICK, WINDOW
from server.search.analytics import counting_queries as queries
from server.search.analytics.counting_queries import Day, DayCount, DayRow, PositionRow, QueryRow, Searcher
from server.search.analytics.sharing import MARKS

COUNT_SECONDS: Final = 60.0
COMPLETE: Final = timedelta(minutes=5)
"""So long after its end a day's last searches are written."""
COUNT_AGAIN: Final = timedelta(days=1)


@dataclass(slots=True)
class _Effects:
    """What followed from searches."""

    clicks: int = 0
    cart_additions: int = 0
    orders: set[int] = field(default_factory=set)
    revenue: int = 0

    def touch(self, kind: str, count: int) -> None:
        """Count clicks or cart additions."""
        if kind == CLICK:
            self.clicks += count
        else:
            self.cart_additions += count

    def order(self, order_id: int, amount: int) -> None:
        """Count what an order brought; an order counts once."""
        self.orders.add(order_id)
        self.revenue += amount


class SearchCount:
    """The job that counts the searches of each day."""

    def __init__(
        self, work: Work, clock: Clock, currency: str, *, retention: timedelta, ring: KeyRing
    ) -> None:
        """Revenue is counted in `currency`, which is the shop's; `retention` is how long a search stays."""
        self._work = work
        self._clock = clock
        self._currency = currency
        self._retention = retention
        self._keys = Derived(ring, Purpose.SEARCHERS, bytes)

    async def run(self) -> None:
        """Count today, and one day before that was not counted for long."""
        now = self._clock()
        for day in await self._work.read(days_due, now, self._retention):
            count = await self._work.read(
                count_day, day, self._currency, now, self._keys.current, deadline=Deadline(COUNT_SECONDS)
            )
            await self._work.write(queries.replace_day, day, count, deadline=Deadline(COUNT_SECONDS))


def days_due(connection: Connection, now: datetime, retention: timedelta) -> list[Day]:
    """Today, and the longest uncounted of the days from which orders may still follow, where anybody searched.

    A day of which searches were deleted with age, which stay for `retention`, is left as it was counted.
    """
    today = Day(now.date())
    days = [Day(now.date() - timedelta(days=back)) for back in range(1, WINDOW.days + 2)]
    days = [day for day in days if day.start > now - retention]
    counted = queries.counted_at(connection, days)
    never = datetime.min.replace(tzinfo=now.tzinfo)
    due = [day for day in days if _is_due(day, counted.get(day.date, never), now)]
    due.sort(key=lambda day: counted.get(day.date, never))
    return queries.days_with_searches(connection, [today, *due])[:2]


def _is_due(day: Day, counted: datetime, now: datetime) -> bool:
    complete = day.end + COMPLETE
    if now < complete:
        return True
    return counted < complete or (counted < day.end + WINDOW and now - counted >= COUNT_AGAIN)


def count_day(connection: Connection, day: Day, currency: str, now: datetime, key: bytes) -> DayCount:
    """Count a day's searches with all that followed from them; `key` is that of the hashes of who searched."""
    total = _Effects()
    by_query: defaultdict[str, _Effects] = defaultdict(_Effects)
    by_position: defaultdict[int, _Effects] = defaultdict(_Effects)
    for touched in queries.touched(connection, day):
        for effects in (total, by_query[touched.query], by_position[touched.position]):
            effects.touch(touched.kind, touched.products)
    for bought in queries.bought(connection, day, currency):
        for effects in (total, by_query[bought.query], by_position[bought.position]):
            effects.order(bought.order_id, bought.amount)
    everything = queries.totals(connection, day)
    return DayCount(
        DayRow(
            searches=everything.searches,
            zero_results=everything.zero_results,
            corrected=everything.corrected,
            clicks=total.clicks,
            cart_additions=total.cart_additions,
            orders=len(total.orders),
            revenue_minor=total.revenue,
            counted_at=now,
        ),
        _query_rows(connection, day, by_query, key),
        _position_rows(connection, day, by_position),
    )


def _query_rows(
    connection: Connection, day: Day, effects: Mapping[str, _Effects], key: bytes
) -> list[QueryRow]:
    people: defaultdict[str, list[str]] = defaultdict(list)
    for searcher in queries.searchers(connection, day):
        people[searcher.query].append(_marks(searcher, key))
    rows = []
    for each in queries.most_frequent(connection, day):
        effect = effects.get(each.query) or _Effects()
        rows.append(
            QueryRow(
                query=each.query,
                searches=each.searches,
                zero_results=each.zero_results,
                clicks=effect.clicks,
                cart_additions=effect.cart_additions,
                orders=len(effect.orders),
                revenue_minor=effect.revenue,
                searchers=sorted(people[each.query]),
            )
        )
    return rows


def _position_rows(connection: Connection, day: Day, effects: Mapping[int, _Effects]) -> list[PositionRow]:
    impressions: Counter[int] = Counter()
    for shown in queries.shown(connection, day):
        first = shown.first_position + 1
        for position in range(first, min(first + shown.shown_count, POSITIONS + 1)):
            impressions[position] += shown.pages
    rows = []
    for position, count in sorted(impressions.items()):
        effect = effects.get(position) or _Effects()
        rows.append(PositionRow(position, count, effect.clicks, len(effect.orders)))
    return rows


def _marks(searcher: Searcher, key: bytes) -> str:
    """What somebody is told apart by, an account or a visitor and where they call from, as hashes."""
    name = f"u{searcher.user_id}" if searcher.user_id is not None else f"v{searcher.visitor_id}"
    return MARKS.join(_anonymous(each, key) for each in (name, searcher.origin) if each)


def _anonymous(who: str, key: bytes) -> str:
    """A mark as a keyed hash, which tells two apart and no more: ids are few, and could all be tried."""
    return hashlib.blake2b(who.encode(), key=key, digest_size=6).hexdigest()
