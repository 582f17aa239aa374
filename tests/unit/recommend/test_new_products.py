"""New products: every product has a place in the served models soon, at the price of few rebuilds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

import numpy as np
import pytest

from ml.ranking.model import Model
from server.errors import UnavailableNow
from server.recommend.serving import new_products as module
from server.recommend.serving.new_products import NewProducts
from server.recommend.serving.queries import ProductWords


class Trained:
    """A model as far as newcomers matter; `built` counts its extensions."""

    def __init__(self, *product_ids: int) -> None:
        self.product_ids = np.array(product_ids, dtype=np.int64)
        self.newcomers: Mapping[int, Any] = {}
        self.built = 0

    def knows(self, product_id: int) -> bool:
        return product_id in self.product_ids

    def extended(self, newcomers: Mapping[int, Any]) -> Trained:
        self.built += 1
        extended = Trained(*self.product_ids, *newcomers)
        extended.newcomers = dict(newcomers)
        return extended


class Catalogue:
    """A table of products that can be read, and be away."""

    def __init__(self) -> None:
        self.words: dict[int, ProductWords] = {}
        self.failures = 0
        self.reads = 0

    def put(self, product_id: int, name: str) -> None:
        self.words[product_id] = ProductWords(name, "Shelf", "Brand", "Words", 7)

    async def list_ids(self) -> Sequence[int]:
        return list(self.words)

    async def describe(self, product_ids: Sequence[int]) -> Mapping[int, ProductWords]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise UnavailableNow()
        return {each: self.words[each] for each in product_ids if each in self.words}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLE", timedelta(seconds=0.01))
    monkeypatch.setattr(module, "RETRY", timedelta(seconds=0.01))


def _run(story: Callable[[Catalogue, NewProducts, Trained], Awaitable[None]]) -> None:
    async def tell() -> None:
        catalogue = Catalogue()
        for product_id in (1, 2, 3):
            catalogue.put(product_id, f"Old {product_id}")
        products = NewProducts(catalogue.list_ids, catalogue.describe)
        products.start()
        model = Trained(1, 2)
        await products.take_in(cast("Model", model))
        await story(catalogue, products, model)
        await products.stop()

    asyncio.run(tell())


def _names(products: NewProducts, model: Trained) -> dict[int, str]:
    served = cast("Trained", products.of(cast("Model", model)))
    return {product_id: words.name for product_id, (words, _) in served.newcomers.items()}


async def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)


def test_a_model_is_served_with_what_was_created_since_its_training() -> None:
    async def story(catalogue: Catalogue, products: NewProducts, model: Trained) -> None:
        assert _names(products, model) == {3: "Old 3"}
        assert 3 in products
        assert 1 not in products

    _run(story)


def test_created_changed_and_deleted_products_are_followed() -> None:
    async def story(catalogue: Catalogue, products: NewProducts, model: Trained) -> None:
        catalogue.put(4, "New")
        products.changes.add([4])
        await _until(lambda: _names(products, model) == {3: "Old 3", 4: "New"})
        catalogue.put(4, "Renamed")
        products.changes.add([4])
        await _until(lambda: _names(products, model)[4] == "Renamed")
        del catalogue.words[3]
        products.changes.add([3])
        await _until(lambda: _names(products, model) == {4: "Renamed"})

    _run(story)


def test_a_burst_is_one_extension() -> None:
    async def story(catalogue: Catalogue, products: NewProducts, model: Trained) -> None:
        before = model.built, catalogue.reads
        for product_id in range(10, 2_000):
            catalogue.put(product_id, "New")
            products.changes.add([product_id])
        await _until(lambda: len(_names(products, model)) == 1_991)
        assert (model.built, catalogue.reads) == (before[0] + 1, before[1] + 1)

    _run(story)


def test_a_change_of_a_known_product_builds_nothing() -> None:
    async def story(catalogue: Catalogue, products: NewProducts, model: Trained) -> None:
        before = model.built, catalogue.reads
        products.changes.add([1])
        await asyncio.sleep(0.1)
        assert (model.built, catalogue.reads) == before

    _run(story)


def test_every_served_model_gets_what_it_does_not_know() -> None:
    async def story(catalogue: Catalogue, products: NewProducts, model: Trained) -> None:
        challenger = Trained(2, 3)
        await products.take_in(cast("Model", challenger))
        assert _names(products, challenger) == {1: "Old 1"}
        assert _names(products, model) == {3: "Old 3"}
        catalogue.put(4, "New")
        products.changes.add([4])
        await _until(lambda: 4 in _names(products, challenger) and 4 in _names(products, model))
        products.keep_only([cast("Model", model)])
        built = challenger.built
        products.changes.add([4])
        await asyncio.sleep(0.1)
        assert challenger.built == built
        assert _names(products, challenger) == {}

    _run(story)


def test_of_too_many_the_newest_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_NEWCOMERS", 3)

    async def story(catalogue: Catalogue, products: NewProducts, model: Trained) -> None:
        for product_id in (10, 11, 12):
            catalogue.put(product_id, "New")
            products.changes.add([product_id])
        await _until(lambda: set(_names(products, model)) == {10, 11, 12})
        catalogue.put(13, "New")
        products.changes.add_all()
        await _until(lambda: set(_names(products, model)) == {11, 12, 13})

    _run(story)


def test_a_database_that_is_away_for_a_moment_loses_no_newcomer() -> None:
    async def story(catalogue: Catalogue, products: NewProducts, model: Trained) -> None:
        catalogue.failures = 2
        catalogue.put(4, "New")
        products.changes.add([4])
        await _until(lambda: 4 in _names(products, model))

    _run(story)


def test_without_a_model_nothing_is_read() -> None:
    async def story() -> None:
        catalogue = Catalogue()
        products = NewProducts(catalogue.list_ids, catalogue.describe)
        products.start()
        products.changes.add([1])
        products.changes.add_all()
        await asyncio.sleep(0.05)
        assert catalogue.reads == 0
        await products.stop()

    asyncio.run(story())
