"""Which queries may be suggested: those of several people, that found something and say nothing of anybody.

Counted from the days' counts, in which people are told apart by hashes. Visitors and new accounts must differ in
where they call from as well: nobody is several people by inventing them, nor by going from one network to another.
Whoever is neither signed in nor a visitor with an id cannot be told apart, and does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nlargest
from typing import Final

from sqlalchemy import Connection, delete, select

from server.clock import Clock
from server.db.deadline import Deadline
from server.db.upsert import insert_for
from server.db.work import Work
from server.events.log import publish
from server.events.topics import SuggestionsCounted
from server.search.analytics.models import SearchDayQuery
from server.search.analytics.recorded_text import is_shareable
from server.search.suggest.models import SuggestedQuery

MAX_SHARED: Final = 5_000
AT_ONCE: Final = 500
COUNT_SECONDS: Final = 30.0
MARKS: Final = "."
"""Between the hashes of one searcher."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """The job that chooses them."""

    work: Work
    clock: Clock
    min_searchers: int
    """How many people must have searched for a query."""
    period: timedelta
    """In which time."""

    async def run(self) -> None:
        """Choose anew, and tell the workers when something changed."""
        since = (self.clock() - self.period).date()
        shared = await self.work.read(
            shared_queries, since, self.min_searchers, deadline=Deadline(COUNT_SECONDS)
        )
        await self.work.write(replace, shared, deadline=Deadline(COUNT_SECONDS))


def shared_queries(connection: Connection, since: date, min_searchers: int) -> Mapping[str, int]:
    """The queries that so many people searched for since that day, with how many did, of each day counted anew."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    counts: defaultdict[str, int] = defaultdict(int)
    row = SearchDayQuery
    query = select(row.query, row.searchers).where(row.day >= since, row.searches > row.zero_results)
    for text, searchers in connection.execute(query):
        people[text].update(searchers)
        counts[text] += len(searchers)
    shared = [
        text for text, who in people.items() if is_shareable(text) and people_count(who) >= min_searchers
    ]
    return {text: counts[text] for text in nlargest(MAX_SHARED, shared, key=lambda text: counts[text])}


def people_count(searchers: Iterable[str]) -> int:
    """How many people these are at least: those that have an account, a visitor or an origin in common are one."""
    above: dict[str, str] = {}

    def top(mark: str) -> str:
        while above.setdefault(mark, mark) != mark:
            mark = above[mark]
        return mark

    for searcher in searchers:
        first, *others = map(top, searcher.split(MARKS))
        above |= dict.fromkeys(others, first)
    return sum(top(mark) == mark for mark in above)


def replace(tx: Connection, shared: Mapping[str, int]) -> None:
    """Suggest these queries and no others."""
    table = SuggestedQuery
    rows = tx.execute(select(table.query, table.searcher_count))
    current = {row.query: row.searcher_count for row in rows}
    gone = sorted(current.keys() - shared.keys())
    changed = sorted(text for text, count in shared.items() if current.get(text) != count)
    for start in range(0, len(gone), AT_ONCE):
        tx.execute(delete(table).where(table.query.in_(gone[start : start + AT_ONCE])))
    for start in range(0, len(changed), AT_ONCE):
        some = [{"query": text, "searcher_count": shared[text]} for text in changed[start : start + AT_ONCE]]
        statement = insert_for(tx)(table).values(some)
        counted = {"searcher_count": statement.excluded.searcher_count}
        tx.execute(statement.on_conflict_do_update(index_elements=[table.query], set_=counted))
    if gone or changed:
        publish(tx, SuggestionsCounted())
