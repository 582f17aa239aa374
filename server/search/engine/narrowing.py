"""Narrowing: which of the documents that match pass the filters, and how many would pass another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.recommend.serving.product_slots import Slots
from server.search.engine.matching import Matches
from server.search.engine.stocked import StockedProducts
from server.search.index.columns import NO_LABEL, Mask
from server.search.index.index import SearchIndex
from server.search.index.labels import NO_NAME, Docs, LabelCounts, most_frequent
from server.search.index.shelf import Shelf

MAX_BRANDS: Final = 50
MAX_ATTRIBUTES: Final = 12
MAX_VALUES: Final = 20
"""What a facet names at most, the most frequent ones."""
RATINGS: Final = (4, 3, 2, 1)
PRICE_STEPS: Final = (10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
"""Where one band of prices ends and the next begins, in whole units of a currency with cents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a product must meet. None and () ask for nothing."""

    category_ids: frozenset[int] | None = None
    brands: tuple[str, ...] = ()
    """One of them, in the form of `name_key`."""
    tags: tuple[str, ...] = ()
    """All of them."""
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool | None = None
    vendor_id: int = 0
    min_rating: float = 0.0
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Names, and of each one of its values."""
    stocked: StockedProducts | None = None
    """What a location has in stock."""


NO_CRITERIA: Final = Criteria()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBand:
    """Prices from `low` to below `high`, in minor units; None is unbounded."""

    low: int
    high: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many products each further filter would leave, each facet without its own filter."""

    categories: Mapping[int, int]
    """Of those that stand in the category itself."""
    brands: Sequence[tuple[str, int]]
    prices: Sequence[PriceBand]
    ratings: Sequence[tuple[int, int]]
    """Products rated so or better."""
    attributes: Sequence[tuple[str, Sequence[tuple[str, int]]]]


class Searchable:
    """An index with the shelf that its documents stand on; products that the shelf gets later are not found in it.

    What takes a look at every document is remembered until the shelf changes. For use on one thread at a time.
    """

    def __init__(self, index: SearchIndex, shelf: Shelf) -> None:
        self.index = index
        self.shelf = shelf
        self.slots = shelf.slots_of(index.columns.product_ids)
        self._existing: tuple[int, Mask, bool] | None = None
        self._bands: tuple[tuple[int, int], NDArray[np.uint8]] | None = None

    def existing(self, docs: Docs) -> Mask | slice:
        """What picks those of these documents that are their products as they are now, and not deleted."""
        if self._existing is None or self._existing[0] != self.shelf.existence:
            exist = self.index.counts & self.shelf.exists[self.slots]
            self._existing = self.shelf.existence, exist, bool(exist.all())
        _, exist, all_exist = self._existing
        return slice(None) if all_exist else exist[docs]

    def price_bands(self, unit: int) -> NDArray[np.uint8]:
        """In which band the price of each slot of the shelf is, where the steps are in this unit."""
        key = self.shelf.price_generation, unit
        if self._bands is None or self._bands[0] != key:
            bands = np.searchsorted(_steps(unit), self.shelf.prices, side="right")
            self._bands = key, bands.astype(np.uint8)
        return self._bands[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Documents with their places on the shelf."""

    docs: Docs
    slots: Slots


class Narrowed:
    """The documents that match and exist, each with the filters that it fails."""

    def __init__(self, goods: Searchable, matches: Matches, criteria: Criteria) -> None:
        self._goods = goods
        self._criteria = criteria
        existing = goods.existing(matches.docs)
        self._docs = matches.docs[existing]
        self._scores = matches.scores[existing]
        self._slots = goods.slots[self._docs]
        self._fails = {name: ~mask for name, mask in self._masks().items()}
        self._failures = np.zeros(len(self._docs), dtype=np.uint8)
        for fails in self._fails.values():
            self._failures += fails
        self._passes: Mask | slice = self._failures == 0 if self._fails else slice(None)
        self._passing = self._rows(self._passes)

    def passing(self) -> Matches:
        """Those that pass all filters."""
        return Matches(self._passing.docs, self._scores[self._passes])

    def facets(self, price_unit: int) -> Facets:
        """The counts; `price_unit` is what a whole unit of PRICE_STEPS is in minor units."""
        bands = self._goods.price_bands(price_unit)[self._but("price").slots]
        ratings = self._goods.shelf.ratings[self._but("rating").slots]
        return Facets(
            categories=self._categories(),
            brands=self._brands(),
            prices=_bands(bands, price_unit),
            ratings=[(least, int(np.count_nonzero(ratings >= least))) for least in RATINGS],
            attributes=self._attributes(),
        )

    def _masks(self) -> Mapping[str, Mask]:
        """Of each filter that is set, which documents pass it."""
        criteria, columns, shelf = self._criteria, self._goods.index.columns, self._goods.shelf
        docs, slots = self._docs, self._slots
        masks: dict[str, Mask] = {}
        if criteria.category_ids is not None:
            masks["category"] = columns.in_categories(docs, criteria.category_ids)
        if criteria.brands:
            masks["brand"] = columns.of_brands(docs, criteria.brands)
        if criteria.min_price is not None or criteria.max_price is not None:
            masks["price"] = _between(shelf.prices[slots], criteria.min_price, criteria.max_price)
        if criteria.in_stock is not None:
            masks["stock"] = shelf.in_stock[slots] == criteria.in_stock
        if criteria.vendor_id:
            masks["vendor"] = columns.vendors[docs] == criteria.vendor_id
        if criteria.min_rating:
            masks["rating"] = shelf.ratings[slots] >= np.float32(criteria.min_rating)
        if criteria.stocked is not None:
            masks["location"] = criteria.stocked.have(columns.product_ids[docs])
        for tag in criteria.tags:
            masks[f"tag {tag}"] = columns.tags.having(docs, [(NO_NAME, tag)])
        for name, values in criteria.attributes:
            labels = [(name, value) for value in values]
            masks[_filter_of(name)] = columns.attributes.having(docs, labels)
        return masks

    def _but(self, own: str) -> _Rows:
        """What passes all filters, or would without this one."""
        fails = self._fails.get(own)
        return self._passing if fails is None else self._rows(self._failures == fails)

    def _rows(self, which: Mask | slice) -> _Rows:
        return _Rows(self._docs[which], self._slots[which])

    def _categories(self) -> Mapping[int, int]:
        columns = self._goods.index.columns
        counts = np.bincount(columns.category_codes[self._but("category").docs])
        codes = np.flatnonzero(counts)
        ids = columns.category_ids[codes].tolist()
        return {
            category_id: count
            for category_id, count in zip(ids, counts[codes].tolist(), strict=True)
            if category_id
        }

    def _brands(self) -> Sequence[tuple[str, int]]:
        columns = self._goods.index.columns
        codes = columns.brand_codes[self._but("brand").docs]
        order = columns.brand_order
        counts = np.bincount(codes - NO_LABEL, minlength=len(order) + 1)[1:][order]
        present = np.flatnonzero(counts)
        best = present[most_frequent(counts[present], MAX_BRANDS)]
        names = [columns.brands[code] for code in order[best].tolist()]
        return list(zip(names, counts[best].tolist(), strict=True))

    def _attributes(self) -> Sequence[tuple[str, Sequence[tuple[str, int]]]]:
        counted = self._counted(self._passing)
        own = [name for name, _ in self._criteria.attributes]
        # One that is filtered by is counted by itself, and stays where the caller has it.
        facets = [(name, self._counted(self._but(_filter_of(name))).values(name, MAX_VALUES)) for name in own]
        others = [name for name in counted.attributes(MAX_ATTRIBUTES + len(own)) if name not in own]
        facets += [(name, counted.values(name, MAX_VALUES)) for name in others]
        return [(name, values) for name, values in facets if values][:MAX_ATTRIBUTES]

    def _counted(self, rows: _Rows) -> LabelCounts:
        return self._goods.index.columns.attributes.counted(rows.docs)


def _filter_of(attribute: str) -> str:
    return f"attribute {attribute}"


def _between(prices: NDArray[np.int64], low: int | None, high: int | None) -> Mask:
    mask = prices >= (low or 0)
    return mask if high is None else mask & (prices <= high)


def _steps(unit: int) -> list[int]:
    return [step * unit for step in PRICE_STEPS]


def _bands(bands: NDArray[np.uint8], unit: int) -> Sequence[PriceBand]:
    steps = _steps(unit)
    counts = np.bincount(bands, minlength=len(steps) + 1).tolist()
    bounds = zip([0, *steps], [*steps, None], counts, strict=True)
    return [PriceBand(low=low, high=high, count=count) for low, high, count in bounds if count]
