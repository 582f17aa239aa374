"""Which events a follower has read, and which it still looks for."""

from __future__ import annotations

from collections.abc import Sequence

from server.db.database import Announcement


class Progress:
    """All up to `read_to` is read, but for the ids in `missing`, whose transactions may still commit.

    Nothing that is visible waits for what is not: a transaction that takes long delays its own events alone.
    """

    def __init__(self, read_to: int) -> None:
        self.read_to = read_to
        self.missing: dict[int, float] = {}
        """By id, the oldest first: when it was first missed."""

    def is_whole(self, events: Sequence[Announcement]) -> bool:
        """Whether these, read behind `read_to` in their order, leave no gap, and none was there."""
        return not self.missing and (not events or events[-1].id - self.read_to == len(events))

    def take(self, events: Sequence[Announcement], settled: int, now: float) -> None:
        """Note what was read, in the order of ids; what is not there up to `settled` will never be."""
        there = {event.id for event in events}
        still = {i: since for i, since in self.missing.items() if i > settled and i not in there}
        if events and events[-1].id > self.read_to:
            gaps = range(max(self.read_to, settled) + 1, events[-1].id)
            still |= {i: now for i in gaps if i not in there}
            self.read_to = events[-1].id
        self.missing = still
