"""The vectors of all products in a worker's memory, kept fresh by events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from datetime import timedelta

import numpy as np

from ml.data.arrays import Floats
from ml.models.packed_index import PackedIndex, PatchedIndex
from server.db.deadline import Deadline
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, ProductChanged, ProductsEmbedded
from server.recommend.serving.changes import ChangedProducts, Changes
from server.search.meaning import queries

PAGE = 5_000
LOAD_SECONDS = 30.0
RETRY = timedelta(seconds=1)
PAUSE = timedelta(seconds=0.5)
"""Between two reads of what changed, so that the first embedding of a large shop is not a read for each piece."""

MAX_NEWER = 500
NEWER_SHARE = 8
"""An index is built anew once more than MAX_NEWER vectors, and a NEWER_SHARE-th of it, are newer than it."""

REST = 2.0
"""Seconds of rest for each second of building, so that a flood of changes leaves the core to the callers."""


class ProductVectors:
    """An index of the vectors that one model gave; it never changes, another takes its place.

    For use on a worker's event loop. Order: `attach` before the follower starts, `start` after it.
    """

    def __init__(self, work: Work, model: str) -> None:
        """`model` is the identity of the sentence model."""
        self._work = work
        self._model = model
        self._base = PackedIndex.build(np.empty(0, np.int64), np.empty((0, 0), np.float32))
        self._newer: dict[int, Floats | None] = {}
        """What was read since the base was built; None of a product that has no vector any more."""
        self._changes = ChangedProducts("product_vectors", self._read, pause=PAUSE, retry=RETRY)
        self.index = PatchedIndex(self._base, self._base, np.empty(0, np.int64))
        self.generation = 0
        """Counts the indexes."""

    def attach(self, follower: Follower) -> None:
        """Learn what was embedded, changed and deleted."""
        follower.on(ProductsEmbedded, lambda event: self._changes.add(event.product_ids))
        follower.on(ProductChanged, lambda event: self._changes.add([event.id]))
        follower.on(CatalogReplaced, lambda _: self._changes.add_all())

    def start(self) -> None:
        """Begin to read, without waiting for it."""
        self._changes.start()
        self._changes.add_all()

    async def stop(self) -> None:
        """Read no more."""
        await self._changes.stop()

    async def _read(self, changes: Changes) -> None:
        started = time.monotonic()
        if not changes.everything:
            await self._read_some(changes.product_ids)
        if changes.everything or len(self._newer) > max(MAX_NEWER, len(self._base) // NEWER_SHARE):
            await self._read_all()
        self.index = await asyncio.to_thread(_patched, self._base, dict(self._newer))
        self.generation += 1
        await asyncio.sleep(REST * (time.monotonic() - started))

    async def _read_some(self, product_ids: Collection[int]) -> None:
        ordered = sorted(product_ids)
        for start in range(0, len(ordered), PAGE):
            some = ordered[start : start + PAGE]
            ids, vectors = await self._work.read(
                queries.vectors_of, self._model, some, deadline=Deadline(LOAD_SECONDS)
            )
            self._newer |= dict.fromkeys(some)
            self._newer |= dict(zip(ids.tolist(), vectors, strict=True))

    async def _read_all(self) -> None:
        pages, last = [], 0
        while True:
            ids, vectors = await self._work.read(
                queries.page, self._model, last, PAGE, deadline=Deadline(LOAD_SECONDS)
            )
            if len(ids) == 0:
                break
            pages.append((ids, vectors))
            last = int(ids[-1])
        if pages:
            ids, vectors = (np.concatenate(columns) for columns in zip(*pages, strict=True))
        self._base = await asyncio.to_thread(PackedIndex.build, ids, vectors)
        self._newer = {}


def _patched(base: PackedIndex, newer: dict[int, Floats | None]) -> PatchedIndex:
    current = {product_id: vector for product_id, vector in newer.items() if vector is not None}
    rows = np.array(list(current.values()), dtype=np.float32).reshape(len(current), -1 if current else 0)
    index = PackedIndex.build(np.array(list(current), dtype=np.int64), rows)
    return PatchedIndex(base, index, np.array(sorted(newer), dtype=np.int64))
