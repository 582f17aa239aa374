"""Opens what is searched: the stored index and what changed since, or, of a small shop, the database alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from server.search.index import file
from server.search.index.documents import Document, entry_of
from server.search.index.file import DamagedIndex, Stamp, StoredIndex
from server.search.index.shelf import ShelfItem
from server.search.index.words import Wording
from server.search.upkeep import queries
from server.search.upkeep.current import Reading
from server.search.upkeep.rebuild import Rebuild

MAX_NEWER: Final = 2_000
"""Changed products that a worker holds beside the stored index; with more it is built anew. A shop of no more
needs no file."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What is to be known beside the stored index; without one, of all products."""

    is_whole: bool
    """Whether `documents` are all products, and no stored index is needed."""
    product_ids: Sequence[int]
    documents: Sequence[Document]
    items: Sequence[ShelfItem]
    """Of these products."""
    lineages: Mapping[int, str]
    """The names of the categories, as the documents have them."""

    def reading(self) -> Reading:
        """The same, its words weighed; takes a while, on any thread."""
        entries = [entry_of(document) for document in self.documents]
        return Reading(self.product_ids, entries, self.items, self.lineages)


def stored_index(rebuild: Rebuild) -> StoredIndex | None:
    """The stored index, if it is whole, of this release's schema, and of the same database and languages."""
    try:
        stored = file.read(rebuild.path)
    except FileNotFoundError:
        return None
    except (DamagedIndex, OSError, ValueError) as error:
        log.warning("search_index_unreadable", problem=str(error))
        return None
    return stored if stored.stamp.database == rebuild.fingerprint else None


def catch_up(connection: Connection, stamp: Stamp | None, wording: Wording, now: datetime) -> CatchUp | None:
    """What a stored index lacks, or else all of a small shop; None when the index must be built first."""
    names = queries.categories(connection, wording)
    if stamp is not None and not names.differ_from(stamp.categories):
        changed = queries.changed_since(connection, stamp.position, MAX_NEWER)
        if changed is not None:
            documents = list(queries.documents(connection, changed, names))
            return CatchUp(
                False, changed, documents, queries.shelf_items(connection, changed, now), names.texts
            )
    if queries.product_count(connection, MAX_NEWER + 1) > MAX_NEWER:
        return None
    documents = list(queries.all_documents(connection, names))
    product_ids = [document.product_id for document in documents]
    items = queries.shelf_items(connection, product_ids, now)
    return CatchUp(True, product_ids, documents, items, names.texts)
