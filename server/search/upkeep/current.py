"""What a worker searches now: the stored index, what changed since, and the shelf."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.data.arrays import Ids, rows_of
from server.search.engine.engine import Engine
from server.search.engine.interpretation import Synonyms
from server.search.engine.narrowing import Searchable
from server.search.index.columns import joined
from server.search.index.documents import IndexEntry
from server.search.index.index import NOTHING, SearchIndex
from server.search.index.segment import IndexSegment, segment_of
from server.search.index.shelf import Shelf, ShelfItem
from server.search.index.words import Wording

MAX_FRESH: Final = 50
"""Changed products that are indexed again at each change; when there are more, they are put aside.

Each of them costs every change as much as one that was put aside costs the next putting aside: when 1,000 were, 45
would be best.
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """Products as they were read together: those that exist no more have neither entry nor item."""

    product_ids: Collection[int]
    entries: Sequence[IndexEntry]
    items: Sequence[ShelfItem]
    lineages: Mapping[int, str]
    """The names of the categories, as the entries have them."""


class Current:
    """The state that queries are answered on. Changed and read on one thread."""

    def __init__(self, base: IndexSegment, shelf: Shelf, lineages: Mapping[int, str]) -> None:
        """`base` has its products in the order of their ids; `lineages` are the names of its categories."""
        self._base = base
        self.shelf = shelf
        self.lineages = lineages
        self._newer: dict[int, IndexEntry | None] = {}
        """What stands for the products of the base that changed, and for new ones; None for deleted ones."""
        self._fresh: set[int] = set()
        """Those of them that are in the last segment, not in the one before."""
        self._newer_segment = NOTHING
        self._older = base.columns
        """Of the base and the segment of newer products, joined: that takes as long as they are large."""
        self._index = SearchIndex([base])

    @property
    def newer_count(self) -> int:
        """How many products changed since the base was made."""
        return len(self._newer)

    def take_items(self, product_ids: Collection[int], items: Sequence[ShelfItem]) -> None:
        """Take what products are sold as now; those without an item are gone."""
        self.shelf.put(items)
        self.shelf.remove(set(product_ids).difference(item.product_id for item in items))

    def take(self, reading: Reading) -> None:
        """Take what was read of products; `index` and then `engine` make it found."""
        self.take_items(reading.product_ids, reading.items)
        self._newer |= dict.fromkeys(reading.product_ids)
        self._newer |= {entry.product_id: entry for entry in reading.entries}
        self._fresh.update(reading.product_ids)
        self.lineages = {**reading.lineages, **self.lineages}

    def index(self) -> None:
        """Index what was taken; takes a moment, on any thread, while nothing else is taken."""
        if len(self._fresh) > MAX_FRESH:
            self._newer_segment, self._fresh = self._segment_of(self._newer), set()
            self._older = joined(self._base.columns, self._newer_segment.columns)
        self._index = self._index_of(self._newer_segment, self._segment_of(self._fresh))

    def _segment_of(self, product_ids: Iterable[int]) -> IndexSegment:
        entries = [entry for product_id in product_ids if (entry := self._newer[product_id]) is not None]
        return segment_of(entries) if entries else NOTHING

    def _index_of(self, newer: IndexSegment, fresh: IndexSegment) -> SearchIndex:
        segments = [self._base, newer, fresh]
        counts = np.ones(sum(map(len, segments)), dtype=np.bool_)
        replaced = rows_of(self._base.columns.product_ids, _array(self._newer))
        counts[replaced[replaced >= 0]] = False
        again = np.isin(newer.columns.product_ids, _array(self._fresh))
        counts[len(self._base) + np.flatnonzero(again)] = False
        return SearchIndex(segments, counts, joined(self._older, fresh.columns))

    def engine(self, synonyms: Synonyms, wording: Wording) -> Engine:
        """What answers queries on what was indexed."""
        return Engine(Searchable(self._index, self.shelf), synonyms, wording)


def _array(product_ids: Collection[int]) -> Ids:
    return np.fromiter(product_ids, dtype=np.int64, count=len(product_ids))
