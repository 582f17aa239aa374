"""SQL that counts the searches of a day: what it reads of them, and the rows that it leaves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    SQLColumnExpression,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
)

from server.db.base import AnySelect
from server.db.upsert import insert_for
from server.recommend.feedback.online import POSITIONS
from server.recommend.feedback.touches import WINDOW, Scope, purchases_of, touches_of
from server.recommend.feedback.tracking import SEARCH_VERSION
from server.search.analytics.models import SearchDay, SearchDayPosition, SearchDayQuery, SearchRow

MAX_QUERIES = 2_000
"""The most frequent queries of a day are counted one by one: whoever makes queries up fills no table."""
MAX_SEARCHERS = 20
"""People who searched for one of them on a day that are told apart."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day (UTC) of searches."""

    date: date

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.date, time_of_day(), UTC)

    @property
    def end(self) -> datetime:
        """The first moment of the next one."""
        return self.start + timedelta(days=1)

    @property
    def scope(self) -> Scope:
        """The lists that were shown on it, and what followed from them while orders count as their effect."""
        return Scope((SEARCH_VERSION,), self.start, self.end, touched_until=self.end + WINDOW)

    def holds(self, moment: SQLColumnExpression[datetime]) -> ColumnElement[bool]:
        """The condition that a moment is on it."""
        return and_(moment >= self.start, moment < self.end)


class Searches(NamedTuple):
    """Searches of one query, or of all."""

    query: str
    searches: int
    zero_results: int
    corrected: int


class Searcher(NamedTuple):
    """Who searched for a query: a user or a visitor; `origin` is where visitors and new accounts call from."""

    query: str
    origin: str
    user_id: int | None
    visitor_id: str | None


class Shown(NamedTuple):
    """Pages that showed so many results behind so many others."""

    first_position: int
    shown_count: int
    pages: int


class Touched(NamedTuple):
    """Products that were clicked or put into carts, by the query and the position that led to it."""

    query: str
    position: int
    kind: str
    products: int


class Bought(NamedTuple):
    """What an order brought by a query, of products at a position, in minor units of the shop's currency."""

    query: str
    position: int
    order_id: int
    amount: int


@dataclass(frozen=True, slots=True)
class DayRow:
    """The row of a day, without the day."""

    searches: int
    zero_results: int
    corrected: int
    clicks: int
    cart_additions: int
    orders: int
    revenue_minor: int
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class QueryRow:
    """The row of a query of a day, without the day."""

    query: str
    searches: int
    zero_results: int
    clicks: int
    cart_additions: int
    orders: int
    revenue_minor: int
    searchers: Sequence[str]


@dataclass(frozen=True, slots=True)
class PositionRow:
    """The row of a position of a day, without the day."""

    position: int
    impressions: int
    clicks: int
    orders: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """All that is kept of a day."""

    day: DayRow
    queries: Sequence[QueryRow]
    positions: Sequence[PositionRow]


def days_with_searches(connection: Connection, days: Sequence[Day]) -> list[Day]:
    """Those of these days on which somebody searched."""
    return [
        day
        for day in days
        if connection.execute(
            select(SearchRow.list_id).where(day.holds(SearchRow.searched_at)).limit(1)
        ).first()
    ]


def counted_at(connection: Connection, days: Collection[Day]) -> dict[date, datetime]:
    """When each of these days was counted last, of those that were."""
    query = select(SearchDay.day, SearchDay.counted_at)
    rows = connection.execute(query.where(SearchDay.day.in_([day.date for day in days])))
    return {row.day: row.counted_at for row in rows}


def totals(connection: Connection, day: Day) -> Searches:
    """All searches of a day; a search is its first page."""
    return Searches("", *map(int, connection.execute(select(*_COUNTS).where(_is_search(day))).one()))


def most_frequent(connection: Connection, day: Day) -> list[Searches]:
    """The most frequent queries of a day."""
    rows = connection.execute(_most_frequent(day))
    return [Searches(text, *map(int, counts)) for text, *counts in rows]


def searchers(connection: Connection, day: Day) -> list[Searcher]:
    """The most frequent queries with some of those for whom they found something, as far as they have a name."""
    top = _most_frequent(day).subquery("top")
    named = (SearchRow.query, SearchRow.origin, SearchRow.user_id, SearchRow.visitor_id)
    rank = func.row_number().over(partition_by=SearchRow.query, order_by=func.min(SearchRow.searched_at))
    person = (
        select(*named, rank.label("rank"))
        .join(top, top.c.query == SearchRow.query)
        .where(_is_search(day), SearchRow.result_count > 0)
        .where(or_(SearchRow.user_id.is_not(None), SearchRow.visitor_id.is_not(None)))
        .group_by(*named)
        .subquery("person")
        .c
    )
    people = select(person.query, person.origin, person.user_id, person.visitor_id)
    return [Searcher(*row) for row in connection.execute(people.where(person.rank <= MAX_SEARCHERS))]


def shown(connection: Connection, day: Day) -> list[Shown]:
    """How many pages showed how many results, behind how many; those whose results are counted by position."""
    named = (SearchRow.first_position, SearchRow.shown_count)
    query = select(*named, func.count()).where(
        day.holds(SearchRow.searched_at), SearchRow.first_position < POSITIONS, SearchRow.shown_count > 0
    )
    return [Shown(*row) for row in connection.execute(query.group_by(*named))]


def touched(connection: Connection, day: Day) -> list[Touched]:
    """What was clicked and put into carts, each product of a page once."""
    touches = touches_of(connection, day.scope)
    position = (SearchRow.first_position + touches.c.position).label("position")
    once = (
        select(SearchRow.query, position, touches.c.kind, touches.c.list_id, touches.c.product_id)
        .join(SearchRow, SearchRow.list_id == touches.c.list_id)
        .distinct()
        .subquery("once")
    )
    named = (once.c.query, once.c.position, once.c.kind)
    return [Touched(*row) for row in connection.execute(select(*named, func.count()).group_by(*named))]


def bought(connection: Connection, day: Day, currency: str) -> list[Bought]:
    """What was ordered after it."""
    line = purchases_of(connection, touches_of(connection, day.scope)).c
    position = (SearchRow.first_position + line.position).label("position")
    named = (SearchRow.query, position, line.order_id)
    amount = func.sum(case((line.currency == currency, line.amount), else_=0))
    query = select(*named, amount).join(SearchRow, SearchRow.list_id == line.list_id).group_by(*named)
    return [Bought(row[0], row[1], row[2], int(row[3])) for row in connection.execute(query)]


def replace_day(tx: Connection, day: Day, count: DayCount) -> None:
    """Write what a day came to, in place of what it was counted before."""
    values = asdict(count.day)
    statement = insert_for(tx)(SearchDay).values(day=day.date, **values)
    # Whoever counts the same day at once waits here.
    tx.execute(statement.on_conflict_do_update(index_elements=[SearchDay.day], set_=values))
    for table, rows in ((SearchDayQuery, count.queries), (SearchDayPosition, count.positions)):
        tx.execute(delete(table).where(table.day == day.date))
        if rows:
            tx.execute(insert(table), [{"day": day.date, **asdict(row)} for row in rows])


def _is_search(day: Day) -> ColumnElement[bool]:
    return and_(day.holds(SearchRow.searched_at), SearchRow.first_position == 0)


_COUNTS: tuple[ColumnElement[int], ...] = (
    func.count(),
    func.coalesce(func.sum(case((SearchRow.result_count == 0, 1), else_=0)), 0),
    func.coalesce(func.sum(cast(SearchRow.corrected, Integer)), 0),
)


def _most_frequent(day: Day) -> AnySelect:
    return (
        select(SearchRow.query, *_COUNTS)
        .where(_is_search(day), SearchRow.query != "")
        .group_by(SearchRow.query)
        .order_by(func.count().desc(), SearchRow.query)
        .limit(MAX_QUERIES)
    )
