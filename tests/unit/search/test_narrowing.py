"""Filters and facets say what counting one by one says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.search_index import engine_of, facets_of

from server.search.engine.engine import Engine, SearchOptions
from server.search.engine.narrowing import PRICE_STEPS, RATINGS, Criteria, Searchable
from server.search.engine.ranking import MAX_RANKED, SortOrder
from server.search.index.documents import Document, entry_of
from server.search.index.index import SearchIndex
from server.search.index.segment import segment_of
from server.search.index.shelf import Shelf, ShelfItem
from server.text.name_key import name_key

BRANDS = ["", "Acme", "ACME", "Öko", "Zeta"]
COLOURS, SIZES, TAGS = ["red", "blue", "green"], ["S", "M", 12, 1.5, True], ["gift", "sale", "new"]


@st.composite
def products(draw: st.DrawFn) -> list[tuple[Document, ShelfItem]]:
    """Up to forty products, each with its item; by a die: drawing each of their fields takes far longer."""
    dice: Random = draw(st.randoms(use_true_random=True))
    return [_product(dice, product_id) for product_id in range(1, draw(st.integers(1, 40)) + 1)]


def _product(dice: Random, product_id: int) -> tuple[Document, ShelfItem]:
    attributes: dict[str, object] = {}
    if dice.random() < 0.5:
        attributes["colour"] = dice.sample(COLOURS, dice.randint(0, 2))
    if dice.random() < 0.5:
        attributes["size"] = dice.choice(SIZES)
    document = Document(
        product_id=product_id,
        name=dice.choice(["oak chair", "oak table", "pine chair"]),
        brand=dice.choice(BRANDS),
        tags=dice.sample(TAGS, dice.randint(0, 2)),
        attributes=attributes,
        category_id=dice.randint(0, 4),
        vendor_id=dice.randint(0, 2),
    )
    item = ShelfItem(
        product_id=product_id,
        price_minor=dice.choice([0, 999, 1000, 2_550, 999_999, 1_000_000, 5_000_000]),
        in_stock=dice.random() < 0.5,
        rating=dice.choice([0.0, 1.0, 3.5, 4.0, 5.0]),
    )
    return document, item


@st.composite
def criteria(draw: st.DrawFn) -> Criteria:
    """Any filters together."""
    low, high = sorted(draw(st.tuples(*[st.sampled_from([0, 1000, 2000, 1_000_000])] * 2)))
    maybe = st.booleans()
    return Criteria(
        category_ids=frozenset(draw(st.sets(st.integers(0, 4)))) if draw(maybe) else None,
        brands=tuple(sorted({name_key(each) for each in draw(st.sets(st.sampled_from(BRANDS[1:])))})),
        tags=tuple(sorted(draw(st.sets(st.sampled_from(TAGS), max_size=2)))),
        min_price=low if draw(maybe) else None,
        max_price=high if draw(maybe) else None,
        in_stock=draw(st.sampled_from([None, True, False])),
        vendor_id=draw(st.integers(0, 2)) if draw(maybe) else 0,
        min_rating=draw(st.sampled_from([0.0, 0.0, 3.5, 5.0])),
        attributes=(("colour", tuple(sorted(draw(st.sets(st.sampled_from(COLOURS), min_size=1))))),)
        if draw(maybe)
        else (),
    )


def _passes(document: Document, item: ShelfItem, asked: Criteria) -> bool:
    attributes = set(entry_of(document).attributes)
    return (
        (asked.category_ids is None or document.category_id in asked.category_ids)
        and (not asked.brands or name_key(document.brand) in asked.brands)
        and set(asked.tags) <= set(document.tags)
        and (asked.min_price is None or item.price_minor >= asked.min_price)
        and (asked.max_price is None or item.price_minor <= asked.max_price)
        and (asked.in_stock is None or item.in_stock == asked.in_stock)
        and (not asked.vendor_id or document.vendor_id == asked.vendor_id)
        and item.rating >= asked.min_rating
        and all(any((name, value) in attributes for value in values) for name, values in asked.attributes)
    )


@settings(max_examples=200)
@given(products(), criteria(), st.sampled_from(["oak", "chair", "oak chair", ""]), st.integers(0, 40))
def test_facets_are_what_counting_says(
    made: list[tuple[Document, ShelfItem]], asked: Criteria, text: str, newer: int
) -> None:
    engine = _engine(made, newer)
    answer = engine.answer(text, SearchOptions(criteria=asked))
    matching = set(engine.answer(text, SearchOptions()).ranked.product_ids.tolist())
    found = [(document, item) for document, item in made if document.product_id in matching]

    def left(**without: Any) -> list[tuple[Document, ShelfItem]]:
        return [one for one in found if _passes(*one, replace(asked, **without))]

    passing = left()
    assert answer.total == len(passing)
    assert set(answer.ranked.product_ids.tolist()) == {document.product_id for document, _ in passing}
    facets = facets_of(engine, text, SearchOptions(criteria=asked))
    assert facets.categories == _counts(left(category_ids=None), lambda document, _: document.category_id)
    assert {name_key(brand): count for brand, count in facets.brands} == _counts(
        left(brands=()), lambda document, _: name_key(document.brand)
    )
    rated = left(min_rating=0.0)
    assert dict(facets.ratings) == {
        least: sum(item.rating >= least for _, item in rated) for least in RATINGS
    }
    priced = [item.price_minor for _, item in left(min_price=None, max_price=None)]
    for band in facets.prices:
        assert band.count == sum(band.low <= price < (band.high or 10**12) for price in priced)
    assert sum(band.count for band in facets.prices) == len(priced)
    values = {(name, value): count for name, there in facets.attributes for value, count in there}
    own = {name for name, _ in asked.attributes}
    for name in ("colour", "size"):
        counted: Counter[tuple[str, str]] = Counter()
        for document, _ in left(attributes=()) if name in own else passing:
            counted.update(label for label in entry_of(document).attributes if label[0] == name)
        assert {label: count for label, count in values.items() if label[0] == name} == counted


def _engine(made: list[tuple[Document, ShelfItem]], newer: int) -> Engine:
    """An engine whose last products stand in a segment of their own, where also the first one was changed."""
    documents = [document for document, _ in made]
    shelf = Shelf([item for _, item in made])
    old = [*documents[: max(len(documents) - newer, 1)]]
    rest = [*documents[len(old) :], documents[0]]
    stale = [replace(documents[0], brand="Stale", tags=["stale"], attributes={"colour": "stale"}), *old[1:]]
    segments = [segment_of(map(entry_of, stale)), segment_of(map(entry_of, rest))]
    counts = np.ones(len(old) + len(rest), dtype=np.bool_)
    counts[0] = False
    return Engine(Searchable(SearchIndex(segments, counts), shelf))


def _counts(
    found: list[tuple[Document, ShelfItem]], key: Callable[[Document, ShelfItem], Any]
) -> Mapping[Any, int]:
    return Counter(key(*one) for one in found if key(*one))


def test_bands_begin_and_end_where_the_steps_are() -> None:
    prices = [0, *(step * 100 for step in PRICE_STEPS), 10**9]
    documents = [Document(product_id=i, name="x") for i, _ in enumerate(prices, start=1)]
    items = [ShelfItem(product_id=i, price_minor=price) for i, price in enumerate(prices, start=1)]
    bands = facets_of(engine_of(documents, items), "").prices
    assert [(band.low, band.count) for band in bands][:2] == [(0, 1), (1000, 1)]
    assert (bands[-1].low, bands[-1].high, bands[-1].count) == (1_000_000, None, 2)


def test_of_very_many_the_first_thousand_are_listed_and_ties_go_to_the_newer() -> None:
    count = MAX_RANKED + 500
    documents = [Document(product_id=i, name="x") for i in range(1, count + 1)]
    items = [ShelfItem(product_id=i, price_minor=1000 + (i % 2)) for i in range(1, count + 1)]
    engine = engine_of(documents, items)
    answer = engine.answer("x", SearchOptions(order=SortOrder.PRICE_DESC))
    dear = [i for i in range(count, 0, -1) if i % 2]
    cheap = [i for i in range(count, 0, -1) if not i % 2]
    assert answer.ranked.product_ids.tolist() == (dear + cheap)[:MAX_RANKED]
    assert answer.total == count
