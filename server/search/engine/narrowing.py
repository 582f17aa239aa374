"""Narrowing: which of the documents that match pass the filters, and how many would pass another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.search.engine.matching import Matches
from server.search.index.index import SearchIndex
from server.search.index.labels import NO_NAME
from server.search.index.segment import NO_LABEL
from server.search.index.shelf import Shelf
from server.text.name_key import name_key

Mask: TypeAlias = NDArray[np.bool_]

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


@dataclass(frozen=True, slots=True, eq=False)
class Searchable:
    """An index with the shelf that its documents stand on."""

    index: SearchIndex
    shelf: Shelf
    slots: NDArray[np.int64]

    @classmethod
    def of(cls, index: SearchIndex, shelf: Shelf) -> Searchable:
        """These two; products that the shelf gets later are not found in it."""
        return cls(index, shelf, shelf.slots_of(index.columns.product_ids))


class Narrowed:
    """The documents that match and exist, each with the filters that it fails."""

    def __init__(self, goods: Searchable, matches: Matches, criteria: Criteria) -> None:
        self._goods = goods
        self._criteria = criteria
        slots = goods.slots[matches.docs]
        alive = goods.index.counts[matches.docs] & goods.shelf.exists[slots]
        self._docs = matches.docs[alive]
        self._slots = slots[alive]
        self._scores = matches.scores[alive]
        self._fails = {name: ~mask for name, mask in self._masks().items()}
        self._failures = np.zeros(len(self._docs), dtype=np.uint8)
        for fails in self._fails.values():
            self._failures += fails

    def passing(self) -> Matches:
        """Those that pass all filters."""
        passes = self._failures == 0
        return Matches(self._docs[passes], self._scores[passes])

    def facets(self, price_unit: int) -> Facets:
        """The counts; `price_unit` is what a whole unit of PRICE_STEPS is in minor units."""
        columns, shelf = self._goods.index.columns, self._goods.shelf
        categories = columns.categories[self._docs[self._but("category")]]
        prices = shelf.prices[self._slots[self._but("price")]]
        ratings = shelf.ratings[self._slots[self._but("rating")]]
        return Facets(
            categories=_counted(categories),
            brands=self._brands(),
            prices=_bands(prices, price_unit),
            ratings=[(least, int((ratings >= least).sum())) for least in RATINGS],
            attributes=self._attributes(),
        )

    def _masks(self) -> Mapping[str, Mask]:
        """Of each filter that is set, which documents pass it."""
        criteria, columns, shelf = self._criteria, self._goods.index.columns, self._goods.shelf
        docs, slots = self._docs, self._slots
        masks: dict[str, Mask] = {}
        if criteria.category_ids is not None:
            masks["category"] = np.isin(columns.categories[docs], list(criteria.category_ids))
        if criteria.brands:
            codes = [code for code, key in enumerate(columns.brand_keys) if key in criteria.brands]
            masks["brand"] = np.isin(columns.brand_codes[docs], codes)
        if criteria.min_price is not None or criteria.max_price is not None:
            masks["price"] = _between(shelf.prices[slots], criteria.min_price, criteria.max_price)
        if criteria.in_stock is not None:
            masks["stock"] = shelf.in_stock[slots] == criteria.in_stock
        if criteria.vendor_id:
            masks["vendor"] = columns.vendors[docs] == criteria.vendor_id
        if criteria.min_rating:
            masks["rating"] = shelf.ratings[slots] >= np.float32(criteria.min_rating)
        for tag in criteria.tags:
            masks[f"tag {tag}"] = columns.tags.having(docs, [(NO_NAME, tag)])
        for name, values in criteria.attributes:
            labels = [(name, value) for value in values]
            masks[_filter_of(name)] = columns.attributes.having(docs, labels)
        return masks

    def _but(self, own: str) -> Mask:
        """Which documents pass all filters, or would without this one."""
        fails = self._fails.get(own)
        mask: Mask = self._failures == 0 if fails is None else self._failures == fails
        return mask

    def _brands(self) -> Sequence[tuple[str, int]]:
        columns = self._goods.index.columns
        codes = columns.brand_codes[self._docs[self._but("brand")]]
        counts = np.bincount(codes[codes != NO_LABEL], minlength=1)
        named = [(columns.brands[code], int(counts[code])) for code in np.flatnonzero(counts).tolist()]
        return sorted(named, key=_most_first)[:MAX_BRANDS]

    def _attributes(self) -> Sequence[tuple[str, Sequence[tuple[str, int]]]]:
        labels = self._goods.index.columns.attributes
        counted = labels.counted(self._docs[self._failures == 0])
        own = [name for name, _ in self._criteria.attributes]
        # One that is filtered by is counted by itself, and stays where the caller has it.
        facets = [(name, self._own_values(name)) for name in own]
        others = [name for name in counted.attributes(MAX_ATTRIBUTES + len(own)) if name not in own]
        facets += [(name, counted.values(name, MAX_VALUES)) for name in others]
        return [(name, values) for name, values in facets if values][:MAX_ATTRIBUTES]

    def _own_values(self, name: str) -> list[tuple[str, int]]:
        labels = self._goods.index.columns.attributes
        return labels.counted(self._docs[self._but(_filter_of(name))]).values(name, MAX_VALUES)


def _filter_of(attribute: str) -> str:
    return f"attribute {attribute}"


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], name_key(counted[0])


def _between(prices: NDArray[np.int64], low: int | None, high: int | None) -> Mask:
    mask = prices >= (low or 0)
    return mask if high is None else mask & (prices <= high)


def _counted(values: NDArray[np.int64]) -> Mapping[int, int]:
    each, counts = np.unique(values, return_counts=True)
    return {int(value): int(count) for value, count in zip(each, counts, strict=True) if value}


def _bands(prices: NDArray[np.int64], unit: int) -> Sequence[PriceBand]:
    steps = [step * unit for step in PRICE_STEPS]
    counts = np.bincount(np.searchsorted(steps, prices, side="right"), minlength=len(steps) + 1).tolist()
    bounds = zip([0, *steps], [*steps, None], counts, strict=True)
    return [PriceBand(low=low, high=high, count=count) for low, high, count in bounds if count]
