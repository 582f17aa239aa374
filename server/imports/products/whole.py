"""A batch as a whole: written with what is noted of it, or only tried; again where another's was in its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from server.db.database import Database
from server.db.faults import lost_race
from server.imports.products.categories import CategoryRaced
from server.imports.products.judging import Terms
from server.imports.products.rows import ProductRow
from server.imports.products.writing import BatchOutcome, write_batch

ATTEMPTS: Final = 5
"""Each but the last is lost to somebody who takes a sku, a slug or a category of the batch in that moment."""


def write_whole(
    db: Database,
    rows: Sequence[ProductRow],
    terms: Terms,
    now: datetime,
    *,
    hold: Callable[[Connection], bool],
    record: Callable[[Connection, BatchOutcome], None],
    on_lost: Callable[[], None] = lambda: None,
) -> BatchOutcome | None:
    """Write a batch and `record` what came of it in one transaction, if `hold` lets it; else return None.

    In a dry run it is written and undone, and recorded by itself. `on_lost` hears of each try that was lost.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _write(db, rows, terms, now, hold=hold, record=record)
        except (DBAPIError, CategoryRaced) as error:
            if not (isinstance(error, IntegrityError | CategoryRaced) or lost_race(error)):
                raise
            on_lost()
    return _write(db, rows, terms, now, hold=hold, record=record)


def _write(
    db: Database,
    rows: Sequence[ProductRow],
    terms: Terms,
    now: datetime,
    *,
    hold: Callable[[Connection], bool],
    record: Callable[[Connection, BatchOutcome], None],
) -> BatchOutcome | None:
    tried = _try(db, rows, terms, now) if terms.dry_run else None
    with db.transaction() as tx:
        if not hold(tx):
            return None
        outcome = write_batch(tx, rows, terms, now) if tried is None else tried
        record(tx, outcome)
    return outcome


def _try(db: Database, rows: Sequence[ProductRow], terms: Terms, now: datetime) -> BatchOutcome:
    """What would come of a batch: it is written, and never committed."""
    try:
        with db.transaction() as tx:
            raise _Undone(write_batch(tx, rows, terms, now))
    except _Undone as undone:
        return undone.outcome


class _Undone(Exception):
    """Ends a transaction whose outcome alone is of interest."""

    def __init__(self, outcome: BatchOutcome) -> None:
        super().__init__()
        self.outcome = outcome
