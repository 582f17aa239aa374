"""Budgets in the shop's database: the store of a shop that has no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, case

from server.budgets.models import CallCount
from server.budgets.store import Draw
from server.db.base import Statement
from server.db.deadline import Deadline
from server.db.prepared import Prepared
from server.db.upsert import insert_of
from server.db.work import Work

TAKE_SECONDS: Final = 2.0


def _take_on(dialect: str) -> Statement:
    insert = insert_of(dialect)(CallCount)
    # A worker whose clock is behind by a moment adds to the minute that has begun.
    over = CallCount.minute < insert.excluded.minute
    statement: Statement = insert.on_conflict_do_update(
        index_elements=[CallCount.key],
        set_={
            "minute": case((over, insert.excluded.minute), else_=CallCount.minute),
            "taken": case((over, insert.excluded.taken), else_=CallCount.taken + insert.excluded.taken),
        },
    ).returning(CallCount.taken)
    return statement


_TAKE = Prepared(_take_on)


class DatabaseStore:
    """A row for each key; the draws of a worker are one round trip and one commit."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def take(self, draws: Sequence[Draw]) -> Mapping[str, int]:
        """Add the draws up. Raises what the database raises."""
        # However many calls wait for a thread: a flood is when limits are needed.
        return await self._work.write(_take, draws, deadline=Deadline(TAKE_SECONDS), vital=True)

    async def close(self) -> None:
        """Hold nothing."""


def _take(tx: Connection, draws: Sequence[Draw]) -> dict[str, int]:
    rows = {
        draw.key: _TAKE.later(tx, key=draw.key, minute=draw.minute, taken=draw.calls)
        # In the order of their keys, so that no two workers wait for each other
        for draw in sorted(draws, key=lambda draw: draw.key)
    }
    return {key: int(row.one().taken) for key, row in rows.items()}
