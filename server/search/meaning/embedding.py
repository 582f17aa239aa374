"""The job that computes the vectors of products: once for each text, and within seconds of a change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from ml.models.sentence import SentenceModel
from server.background import give_way
from server.clock import Clock
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, CategoryChanged, ProductChanged
from server.recommend.serving.queries import descriptions, product_ids
from server.search.meaning import queries
from server.search.meaning.product_text import hash_of, text_of
from server.search.meaning.queries import TextVector

EVERY = timedelta(seconds=10)
PAUSE = timedelta(seconds=0.5)

PIECE = 1_000
"""Products that are looked at together; those that change meanwhile come before the next ones."""
COMPUTED_AT_ONCE = 32
"""Texts between two transactions: a third of a second of computing, which a crash loses at most."""

NICENESS: Final = 10
"""Of the thread that computes: customers come first."""

log = structlog.get_logger()


class Embedding:
    """Knows whose text may have changed, and has those placed that have no vector of their present text.

    Every worker knows, and the one that has the job's lease computes. For use on the event loop.
    """

    def __init__(self, model: SentenceModel, work: Work, clock: Clock) -> None:
        self._model = model
        self._work = work
        self._clock = clock
        self._changed: set[int] = set()
        self._unchecked: list[int] = []
        """What is left of all products since everything may have changed."""
        self._check_all = True
        self.waiting = 0
        """How many products a run has still to look at."""
        self._thread = ThreadPoolExecutor(1, "embedding", partial(give_way, NICENESS))

    def attach(self, follower: Follower) -> None:
        """Learn what may read differently now."""
        follower.on(ProductChanged, lambda event: self._changed.add(event.id))
        follower.on(CategoryChanged, lambda _: self._everything_changed())
        follower.on(CatalogReplaced, lambda _: self._everything_changed())

    async def run(self) -> None:
        """Look at all products that wait, those first that just changed, and compute what they lack."""
        if self._check_all:
            await self._begin_again()
        while piece := self._next_piece():
            self.waiting = len(piece) + len(self._changed) + len(self._unchecked)
            try:
                computed = await self._bring_up_to_date(piece)
            except BaseException:
                self._changed.update(piece)
                raise
            self.waiting -= len(piece)
            if computed:
                log.info("products_embedded", count=computed, waiting=self.waiting)

    def stop(self) -> None:
        """Compute nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _everything_changed(self) -> None:
        self._check_all = True

    async def _begin_again(self) -> None:
        self._check_all = False
        try:
            await self._work.write(queries.forget, self._model.identity, self._clock())
            # The newest are at the end, where the next piece is taken from.
            self._unchecked = sorted(await self._work.read(product_ids))
        except BaseException:
            self._check_all = True
            raise

    def _next_piece(self) -> Sequence[int]:
        piece = [self._changed.pop() for _ in range(min(PIECE, len(self._changed)))]
        room = PIECE - len(piece)
        if room:
            piece += self._unchecked[-room:]
            del self._unchecked[-room:]
        return piece

    async def _bring_up_to_date(self, piece: Sequence[int]) -> int:
        """Have vectors of the present texts of these products; return how many had none."""
        words = await self._work.read(descriptions, piece)
        texts = {product_id: text_of(each) for product_id, each in words.items()}
        stored = await self._work.read(queries.hashes, self._model.identity, list(texts))
        outdated = {
            product_id: text for product_id, text in texts.items() if stored.get(product_id) != hash_of(text)
        }
        for some in _batches(sorted(outdated), COMPUTED_AT_ONCE):
            await self._embed({product_id: outdated[product_id] for product_id in some})
        return len(outdated)

    async def _embed(self, texts: dict[int, str]) -> None:
        """Compute and store the vectors of these products, sparing texts that have one."""
        text_of_hash = {hash_of(text): text for text in texts.values()}
        vectors = dict(await self._work.read(queries.by_text, self._model.identity, list(text_of_hash)))
        new = [text_hash for text_hash in text_of_hash if text_hash not in vectors]
        if new:
            loop = asyncio.get_running_loop()
            computed = await loop.run_in_executor(
                self._thread, self._model.of_texts, [text_of_hash[text_hash] for text_hash in new]
            )
            vectors |= {key: queries.packed(vector) for key, vector in zip(new, computed, strict=True)}
        rows = [
            TextVector(product_id, text_hash, vectors[text_hash])
            for product_id, text_hash in ((product_id, hash_of(text)) for product_id, text in texts.items())
        ]
        await self._work.write(queries.store, self._model.identity, rows, self._clock())


def _batches(product_ids: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (product_ids[start : start + size] for start in range(0, len(product_ids), size))
