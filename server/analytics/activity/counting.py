"""Counts what people did on each day: the job, and the days that are due.

A day is counted as a whole, so that counting again is harmless: today every few minutes, a day that is over once
more when its last events have come. A day of which behaviour was deleted with age is left as it was counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from server.analytics.activity import queries
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

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ActivityCount:
    """The job that counts."""

    work: Work
    clock: Clock
    calendar: ShopCalendar
    kept: timedelta
    """How long behaviour is kept."""

    async def run(self) -> None:
        """Count today, and some of the days before that are due."""
        now = self.clock()
        today = self.calendar.day_of(now)
        reach = min(DAYS_BACK, self.kept.days - 1)
        days = [today - timedelta(days=back) for back in range(1, reach + 1)]
        counted = await self.work.read(queries.counted_at, days)
        due = [day for day in days if self._is_due(day, counted)]
        for day in [today, *due[:DAYS_PER_RUN]]:
            await self.work.write(
                queries.count_day,
                day,
                self.calendar.start_of(day),
                self.calendar.start_of(day + _DAY),
                now,
                deadline=Deadline(COUNT_SECONDS),
            )

    def _is_due(self, day: date, counted: Mapping[date, datetime]) -> bool:
        at = counted.get(day)
        return at is None or at < self.calendar.start_of(day + _DAY) + COMPLETE
