"""The index as it is searched: a large segment from the file, and smaller ones of what changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.data.arrays import Ids, rows_of
from server.search.index.columns import Columns, joined
from server.search.index.labels import Docs
from server.search.index.segment import NO_POSTINGS, IndexSegment, Weights, segment_of

NOTHING: Final = segment_of(())
MAX_POSTINGS: Final = 512
"""Of how many stems the postings are remembered."""


class SearchIndex:
    """The documents of segments, one after the other. Never changes."""

    def __init__(
        self,
        segments: Sequence[IndexSegment],
        counts: NDArray[np.bool_] | None = None,
        columns: Columns | None = None,
    ) -> None:
        """`counts` says which documents are their products as they are now; without it all are.

        `columns` are those of the segments, where they were joined before.
        """
        self._segments = [(segment, offset) for segment, offset in _with_offsets(segments) if len(segment)]
        self.columns = (
            reduce(joined, (segment.columns for segment in segments)) if columns is None else columns
        )
        self.counts: NDArray[np.bool_] = (
            np.ones(len(self.columns), dtype=np.bool_) if counts is None else counts
        )
        self._postings: dict[str, tuple[Docs, Weights]] = {}
        self._by_id: tuple[Ids, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return len(self.columns)

    def postings(self, term: str) -> tuple[Docs, Weights]:
        """The documents that have a stem, and what it weighs in each."""
        postings = self._postings.get(term)
        if postings is None:
            if len(self._postings) >= MAX_POSTINGS:
                self._postings.clear()
            postings = self._postings[term] = self._read(term)
        return postings

    def _read(self, term: str) -> tuple[Docs, Weights]:
        parts = [(*segment.postings(term), offset) for segment, offset in self._segments]
        parts = [part for part in parts if len(part[0])]
        if not parts:
            return NO_POSTINGS
        if len(parts) == 1 and not parts[0][2]:
            return parts[0][:2]
        docs = [docs + np.int32(offset) for docs, _, offset in parts]
        return np.concatenate(docs), np.concatenate([weights for _, weights, _ in parts])

    def frequency(self, term: str) -> int:
        """In how many documents a stem is."""
        return len(self.postings(term)[0])

    def word_count(self, word: str) -> int:
        """How much a word is used, as it is written."""
        return sum(segment.word_count(word) for segment, _ in self._segments)

    def words_beginning_with(self, prefix: str, limit: int | None = None) -> dict[str, int]:
        """The words that begin so, each with how much it is used; the `limit` most used ones of each segment."""
        counts: dict[str, int] = {}
        for segment, _ in self._segments:
            span = segment.words.beginning_with(prefix)
            there = segment.word_counts[span.start : span.stop]
            if limit is not None and len(there) > limit:
                best = np.argpartition(there, len(there) - limit)[-limit:]
                words, there = [segment.words[span.start + i] for i in best.tolist()], there[best]
            else:
                words = segment.words.some(span)
            for word, count in zip(words, there.tolist(), strict=True):
                counts[word] = counts.get(word, 0) + count
        return counts

    def words_of(self, letter: str, length: int) -> Iterator[Sequence[str]]:
        """The words of so many letters that begin with this one, of each segment."""
        for segment, _ in self._segments:
            yield segment.words_of(letter, length)

    def sku(self, sku: str) -> tuple[int, int] | None:
        """The document and the variant that have a sku; variant 0 stands for the default one."""
        for segment, offset in self._segments:
            hit = segment.sku(sku.casefold())
            if hit is not None and self.counts[hit[0] + offset]:
                return hit[0] + offset, hit[1]
        return None

    def docs_of(self, product_ids: Ids) -> NDArray[np.int64]:
        """The document that counts of each product; -1 for those without one."""
        if self._by_id is None:
            counting = np.flatnonzero(self.counts)
            ids = self.columns.product_ids[counting]
            order = np.argsort(ids, kind="stable")
            self._by_id = ids[order], counting[order]
        ids, docs = self._by_id
        rows = rows_of(ids, product_ids)
        return np.where(rows >= 0, np.append(docs, -1)[rows], -1)


def _with_offsets(segments: Sequence[IndexSegment]) -> list[tuple[IndexSegment, int]]:
    """Each segment with the number of its first document."""
    numbered: list[tuple[IndexSegment, int]] = []
    offset = 0
    for segment in segments:
        numbered.append((segment, offset))
        offset += len(segment)
    return numbered
