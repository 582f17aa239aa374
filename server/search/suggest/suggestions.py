"""What a worker suggests: indexes of the catalogue and of popular queries in memory, kept fresh by events.

The catalogue as it was read once is one index; products that changed since are another, small one before it, which
is made anew with each change. When that has grown, everything is read again.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from server.background import WHEN_WOKEN, BackgroundLoop
from server.events.cache import Bounded
from server.events.follower import Follower
from server.events.topics import (
    CatalogReplaced,
    CategoryChanged,
    ProductChanged,
    SalesCounted,
    SuggestionsCounted,
)
from server.recommend.serving.changes import ChangedProducts, Changes
from server.search.suggest.completion import Completion, CompletionEntry, CompletionKind, Uses, ranked
from server.search.suggest.index import CompletionIndex, Match, Tokens
from server.search.suggest.phrases import shared_phrases
from server.search.suggest.queries import NamedCategory, PopularQuery, ProductName
from server.search.suggest.reads import SuggestReads
from server.search.suggest.words import words_of

DEFAULT_LIMIT: Final = 10
MAX_LIMIT: Final = 20
MAX_CHANGED: Final = 2_000
"""After so many changes of products everything is read again."""
REREAD_PAUSE: Final = timedelta(seconds=15)
SALES_SECONDS: Final = 3600.0
"""How old sales may be that completions are ranked by."""
PAUSE: Final = timedelta(milliseconds=300)
RETRY: Final = timedelta(seconds=1)
MAX_RETRY: Final = timedelta(seconds=30)
MAX_ANSWERS: Final = 2_000
MIN_EXACT: Final = 3
"""Corrections of what was typed are suggested, below the rest, when fewer completions go on exactly so."""
WORDS_TYPED: Final = 8
"""What is typed behind so many words is not looked at."""


@dataclass(slots=True)
class _Catalogue:
    """The catalogue as it was read: names of products, what they share, and what ranks others like them."""

    names: CompletionIndex
    shared: CompletionIndex
    """Phrases of names, and brands."""
    most_sold: int
    by_category: Mapping[int, int]
    read_at: float = field(default_factory=time.monotonic)


class Suggestions:
    """Suggests completions from a worker's memory; for use on its event loop."""

    def __init__(self, reads: SuggestReads) -> None:
        self._reads = reads
        self._catalogue: _Catalogue | None = None
        self._changed: dict[int, ProductName | None] = {}
        self._changed_index = CompletionIndex([])
        self._terms = CompletionIndex([])
        self._ready = asyncio.Event()
        self._answers: Bounded[tuple[tuple[str, ...], int], Sequence[Completion]] = Bounded(size=MAX_ANSWERS)
        self._reading = asyncio.Lock()
        self._changes = ChangedProducts("suggestions", self._read_changed, pause=PAUSE, retry=RETRY)
        self._rereading = _loop("suggestions_reread", self._read_everything, pause=REREAD_PAUSE)
        self._renaming = _loop("suggested_terms", self._read_terms, pause=PAUSE)

    def attach(self, follower: Follower) -> None:
        """Learn from the events of products, categories, sales and queries."""
        follower.on(ProductChanged, lambda event: self._changes.add([event.id]))
        follower.on(CatalogReplaced, lambda _: self._rereading.wake())
        follower.on(CategoryChanged, lambda _: self._renaming.wake())
        follower.on(SuggestionsCounted, lambda _: self._renaming.wake())
        follower.on(SalesCounted, lambda _: self._sales_counted())

    async def start(self) -> None:
        """Begin to read the catalogue, in the background."""
        self._rereading.start()
        self._changes.start()
        self._renaming.start(after=WHEN_WOKEN)

    async def stop(self) -> None:
        """End what runs in the background."""
        await self._changes.stop()
        await self._renaming.stop()
        await self._rereading.stop()

    async def suggest(self, typed: str, limit: int) -> Sequence[Completion]:
        """The best completions of what was typed, at most `limit` (0: 10; more than 20 are coerced to 20).

        Products, when there are others, are at most half of them.
        """
        await self._ready.wait()
        words = tuple(words_of(typed)[:WORDS_TYPED])
        if not words:
            return ()
        size = min(limit or DEFAULT_LIMIT, MAX_LIMIT)
        answer = self._answers.peek((words, size))
        if answer is None:
            answer = self._complete(words, size)
            self._answers.put((words, size), answer)
        return answer

    def _complete(self, words: Sequence[str], size: int) -> Sequence[Completion]:
        wide = 4 * size  # of which some say the same, and some are more products than are taken
        matches = [match for index in self._indexes() for match in index.matches(words, wide)]
        if len(matches) < MIN_EXACT:
            matches += [match for index in self._indexes() for match in index.corrected(words, wide)]
        return mixed(sorted(matches, key=lambda match: -match.score), size)

    def _indexes(self) -> Iterator[CompletionIndex]:
        yield self._terms
        yield self._changed_index
        if self._catalogue is not None:
            yield self._catalogue.shared
            yield self._catalogue.names

    def _sales_counted(self) -> None:
        catalogue = self._catalogue
        if catalogue is not None and time.monotonic() - catalogue.read_at > SALES_SECONDS:
            self._rereading.wake()

    async def _read_everything(self) -> None:
        async with self._reading:  # what changes meanwhile is read again after it
            catalogue = await asyncio.to_thread(_indexed, await self._reads.products())
            self._catalogue = catalogue
            self._changed, self._changed_index = {}, CompletionIndex([])
        await self._read_terms()
        self._ready.set()

    async def _read_terms(self) -> None:
        categories, popular = await self._reads.categories(), await self._reads.popular_queries()
        by_category = self._catalogue.by_category if self._catalogue is not None else {}
        self._terms = await asyncio.to_thread(CompletionIndex, list(_terms(categories, popular, by_category)))
        self._answers.clear()

    async def _read_changed(self, changes: Changes) -> None:
        if len(self._changed) + len(changes.product_ids) > MAX_CHANGED:
            self._rereading.wake()
            return
        async with self._reading:
            rows = {row.id: row for row in await self._reads.products_of(changes.product_ids)}
            changed = self._changed | {product_id: rows.get(product_id) for product_id in changes.product_ids}
            products = [row for row in changed.values() if row is not None]
            most_sold = self._catalogue.most_sold if self._catalogue is not None else 0
            index = await asyncio.to_thread(CompletionIndex, list(_entries(products, most_sold)))
            self._changed, self._changed_index = changed, index
            if self._catalogue is not None:
                self._catalogue.names.hide_products(changes.product_ids)
        self._answers.clear()


def _loop(name: str, step: Callable[[], Awaitable[None]], *, pause: timedelta) -> BackgroundLoop:
    return BackgroundLoop(name, step, every=WHEN_WOKEN, pause=pause, first_retry=RETRY, max_retry=MAX_RETRY)


def mixed(matches: Iterable[Match], size: int) -> Sequence[Completion]:
    """The first `size` completions, each text once; products are half of them where there are enough others."""
    completions: dict[str, Completion] = {}
    for match in matches:
        completions.setdefault(" ".join(words_of(match.completion.text)), match.completion)
    listed: list[Completion] = []
    products: list[Completion] = []
    for completion in completions.values():
        is_product = completion.kind is CompletionKind.PRODUCT
        if is_product and sum(each.kind is CompletionKind.PRODUCT for each in listed) >= (size + 1) // 2:
            products.append(completion)
        else:
            listed.append(completion)
        if len(listed) == size:
            break
    return tuple([*listed, *products][:size])


def _indexed(products: Sequence[ProductName]) -> _Catalogue:
    names = list(ranked(CompletionKind.PRODUCT, [Uses(each.name, each.id, each.sold) for each in products]))
    tokens = Tokens(names)
    phrases = shared_phrases([each.name for each in products], [each.sold for each in products], tokens)
    return _Catalogue(
        names=CompletionIndex(names, tokens),
        shared=CompletionIndex([*ranked(CompletionKind.QUERY, phrases), *_brands(products)]),
        most_sold=max((product.sold for product in products), default=0),
        by_category=Counter(each.category_id for each in products if each.category_id is not None),
    )


def _entries(products: Sequence[ProductName], most_sold: int) -> Iterator[CompletionEntry]:
    names = [Uses(product.name, product.id, product.sold) for product in products]
    yield from ranked(CompletionKind.PRODUCT, names, most_sold)
    yield from _brands(products)


def _brands(products: Sequence[ProductName]) -> Iterable[CompletionEntry]:
    counts = Counter(product.brand for product in products if product.brand)
    return ranked(CompletionKind.BRAND, [Uses(brand, 0, count) for brand, count in counts.items()])


def _terms(
    categories: Sequence[NamedCategory], popular: Sequence[PopularQuery], by_category: Mapping[int, int]
) -> Iterator[CompletionEntry]:
    names = [Uses(each.name, each.id, by_category.get(each.id, 0)) for each in categories]
    yield from ranked(CompletionKind.CATEGORY, names)
    yield from ranked(CompletionKind.QUERY, [Uses(each.text, 0, each.searchers) for each in popular])
