"""The rule of sealed values: all of them can be opened, with the key that is used now. No SQL can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import Engine

from server.db.reading import reading
from server.db.sealing import vault_of
from server.rotation.columns import SEALED_COLUMNS
from server.rotation.resealing import stale_count, unreadable


def unopened_values(engine: Engine) -> Iterator[str]:
    """The rows of which something cannot be opened, in a sentence each; the engine has the shop's vault."""
    with reading(engine).connect() as connection:
        for columns in SEALED_COLUMNS:
            for key in unreadable(connection, columns):
                row = " ".join(map(str, key))
                yield f"{columns.table.name} {row}: {', '.join(columns.names)} cannot be opened with any key"


def values_of_before(engine: Engine) -> Iterator[str]:
    """What lies open, or is sealed with a key of before, in a sentence for each table.

    Nothing of a shop that does not seal yet.
    """
    with reading(engine).connect() as connection:
        if not vault_of(connection).is_sealing:
            return
        for columns in SEALED_COLUMNS:
            count = stale_count(connection, columns)
            if count:
                name = columns.table.name
                yield f"{name}: {count:,} rows are not sealed with the key in use: run `sanset rotate-keys`"


SEALED: Final[dict[str, Callable[[Engine], Iterator[str]]]] = {
    "sealed-readable": unopened_values,
    "sealed-with-current-key": values_of_before,
}
"""By the name of the rule, what finds the rows that break it."""
