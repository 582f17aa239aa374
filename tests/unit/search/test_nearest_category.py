"""Where nothing is found, the nearest category is asked first: by words, by meaning, by words that look alike."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest
from support.search_index import engine_of

from ml.data.arrays import Ids
from server.search.engine.engine import Engine, SearchOptions
from server.search.engine.fusion import Closeness
from server.search.engine.narrowing import Criteria
from server.search.index.documents import Document
from server.search.index.shelf import ShelfItem
from server.search.service import Fallback, FallbackKind, Meaning, NoMeaning, Search

MONITORS, MICE, OTHERS = 7, 8, 9
NAMES = {MONITORS: "Monitors", MICE: "Mice", OTHERS: "Gardening"}
PRODUCTS = [
    (1, MONITORS, "Dell panel 27 inch", 3),
    (2, MONITORS, "Acer panel 24 inch", 5),
    (3, MICE, "Logitech wireless pointer", 1),
    (4, OTHERS, "Spade", 90),
    (5, 0, "Monitor stand", 99),
]
ENGINE = engine_of(
    [
        Document(product_id=n, name=name, category_id=of, categories=[NAMES[of]] if of else [])
        for n, of, name, _ in PRODUCTS
    ],
    [ShelfItem(product_id=n, price_minor=1000 * n, sold=sold) for n, _, _, sold in PRODUCTS],
)


@dataclass(frozen=True, slots=True)
class _One:
    _engine: Engine

    async def engine(self) -> Engine:
        return self._engine


class _Knowing(NoMeaning):
    """Takes every text for close to the pointer."""

    async def closeness(self, text: str, product_ids: Ids) -> Closeness | None:
        return Closeness(np.array([3]), np.array([0.8], dtype=np.float32))


def _instead(text: str, meaning: Meaning | None = None, **criteria: object) -> Fallback:
    selection = SearchOptions(criteria=Criteria(**criteria))  # type: ignore[arg-type]
    search = Search(_One(ENGINE), meaning or NoMeaning())
    return asyncio.run(search.fallback(text, selection, 10))


def _shown(fallback: Fallback) -> tuple[str, int, list[int]]:
    return fallback.kind.value, fallback.category_id, fallback.ranked.product_ids.tolist()


@pytest.mark.parametrize("text", ["monnyterss", "monitorium xyzzy", "pannello"])
def test_words_that_look_alike_lead_to_their_category(text: str) -> None:
    assert not len(ENGINE.find(text).matches)
    assert _shown(_instead(text)) == ("CATEGORY", MONITORS, [2, 1])


def test_what_has_the_words_and_does_not_pass_says_where_to_look() -> None:
    assert _shown(_instead("dell panel", max_price=1, min_price=0)) == ("POPULAR", 0, [])
    assert _shown(_instead("dell panel", min_price=1500, max_price=2500)) == ("CATEGORY", MONITORS, [2])


def test_what_is_close_comes_first_and_leads_to_its_category_where_it_does_not_pass() -> None:
    assert _shown(_instead("qwerty", _Knowing())) == ("SIMILAR", 0, [3])
    assert _shown(_instead("qwerty", _Knowing(), brands=("none",))) == ("POPULAR", 0, [])
    assert _shown(_instead("qwerty", _Knowing(), category_ids=frozenset({MONITORS}))) == (
        "POPULAR",
        0,
        [2, 1],
    )


@pytest.mark.parametrize("text", ["", "  ", "qzqzqz", "77777", "!!", "ж" * 30])
def test_what_looks_like_nothing_gets_what_sells_best(text: str) -> None:
    assert _shown(_instead(text)) == ("POPULAR", 0, [5, 4, 2, 1, 3])


def test_each_kind_is_one_of_the_contract() -> None:
    from sanset.v1.search_pb2 import SearchProductsResponse

    named = set(SearchProductsResponse.FallbackKind.keys()) - {"FALLBACK_KIND_UNSPECIFIED"}
    assert {kind.value for kind in FallbackKind} == named
