"""Counts what people did on each day: the job, and the days that are due.

A day is counted as a whole, so that counting again is harmless: today every few minutes, a day that is over once
more when its last events have come. A day of which behaviour was deleted with age is left as it was counted. What
recommendations brought is counted anew when orders of the day have changed, as by a refund.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from server.analytics.activity import queries
from server.analytics.activity.queries import CountedDay
from server.analytics.calendar import ShopCalendar
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work

COUNT_SECONDS: Final = 60.0
COMPLETE: Final = timedelta(hours=1)
"""So long after its end what happened on a day has been reported, but for what is reported late."""
DAYS_BACK: Final = 30
"""How far back days are counted that never were, as in a shop that was filled with a past."""
DAYS_PER_RUN: Final = 3
EVERY: Final = timedelta(minutes=5)
REST_SHARE: Final = 50
"""Today is counted again after so many times as long as it took: a busy shop spends a fiftieth of a core on it."""

_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class ActivityCount:
    """The job that counts."""

    work: Work
    clock: Clock
    calendar: ShopCalendar
    kept: timedelta
    """How long behaviour is kept."""
    _rest_until: float = field(default=0.0, init=False)

    async def run(self) -> None:
        """Count today, and some of the days before that are due."""
        today = self.calendar.day_of(self.clock())
        reach = min(DAYS_BACK, self.kept.days - 1)
        days = [today - timedelta(days=back) for back in range(1, reach + 1)]
        counted = await self.work.read(queries.counted, days)
        revisions = await self.work.read(queries.sales_revisions, days)
        due = [day for day in days if self._is_due(day, counted)]
        if time.monotonic() >= self._rest_until:
            began = time.monotonic()
            await self._count([today])
            rest = REST_SHARE * (time.monotonic() - began)
            if rest > EVERY.total_seconds():  # else the next turn comes late enough
                self._rest_until = began + rest
        await self._count(due[:DAYS_PER_RUN])
        changed = (
            day for day in days if day in counted and counted[day].sales_revision != revisions.get(day, 0)
        )
        for day in [day for day in changed if day not in due][:DAYS_PER_RUN]:
            await self.work.write(
                queries.count_recommended, day, *self._ends(day), deadline=Deadline(COUNT_SECONDS)
            )

    async def _count(self, days: Collection[date]) -> None:
        for day in days:
            await self.work.write(
                queries.count_day, day, *self._ends(day), self.clock(), deadline=Deadline(COUNT_SECONDS)
            )

    def _ends(self, day: date) -> tuple[datetime, datetime]:
        return self.calendar.start_of(day), self.calendar.start_of(day + _DAY)

    def _is_due(self, day: date, counted: Mapping[date, CountedDay]) -> bool:
        row = counted.get(day)
        return row is None or row.at < self.calendar.start_of(day + _DAY) + COMPLETE
