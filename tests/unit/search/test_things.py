"""A query that names a category means what stands there; a measure is the same in another unit."""

from __future__ import annotations

import pytest
from support.search_index import engine_of, ids, named

from server.search.index.documents import Document
from server.search.index.things import things_named, things_of
from server.search.index.words import same_measure


def _shop() -> list[Document]:
    return [
        Document(
            product_id=1,
            name="Acme privacy filter monitor 27 inch",
            category_id=1,
            categories=["Bags & Cases"],
        ),
        Document(
            product_id=2,
            name="Acme monitor 27 inch 2560 x 1440 pixels",
            category_id=2,
            categories=["Monitors"],
        ),
        Document(product_id=3, name="Acme pointer", category_id=3, categories=["Keyboards & Mice"]),
        Document(product_id=4, name="Acme keyboard", category_id=3, categories=["Keyboards & Mice"]),
        Document(product_id=5, name="Acme keyboard cover", category_id=1, categories=["Bags & Cases"]),
        Document(product_id=6, name="Acme box", category_id=4, categories=["Storage", "Hard Drives & SSDs"]),
        Document(product_id=7, name="Acme stand", category_id=5, categories=["Monitors & Stands", "Stands"]),
    ]


def test_products_of_a_category_that_is_named_come_first() -> None:
    engine = engine_of(_shop())
    assert ids(engine, "keyboards")[:2] == [4, 5]
    assert ids(engine, "hard drive") == [6]
    assert ids(engine, "acme monitor")[:2] == [2, 1], "a filter for one is none"


@pytest.mark.parametrize(
    ("category", "things"),
    [
        ("Monitors", ["#monitor"]),
        ("Keyboards & Mice", ["#keyboard", "#mice"]),
        ("Phones, Tablets and Watches", ["#phone", "#tablet", "#watch"]),
        ("Hard Drives & SSDs", ["#hard drive", "#ssds"]),
        ("Things for the Garden", []),
        ("&", []),
        ("", []),
    ],
)
def test_a_category_names_each_of_its_things(category: str, things: list[str]) -> None:
    assert list(things_of(category, "en")) == things


def test_words_name_things_alone_and_by_two() -> None:
    assert things_named([["hard"], ["drive", "driver"]]) == {
        "#hard", "#drive", "#driver", "#hard drive", "#hard driver",
    }  # fmt: skip
    assert things_named([]) == set()


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("2tb", "2000gb"),
        ("2000gb", "2tb"),
        ("16gb", "16000mb"),
        ("1500ml", None),
        ("1.5l", None),
        ("3000ml", "3l"),
        ("27in", None),
        ("000gb", None),
        ("0tb", None),
        ("drive", None),
        ("2", None),
    ],
)
def test_a_measure_in_the_next_unit(word: str, other: str | None) -> None:
    assert same_measure(word) == other


def test_a_size_is_found_in_another_unit() -> None:
    engine = named("External drive 2000 GB", "External drive 320 GB", "External drive 2 TB")
    assert set(ids(engine, "external drive 2tb")[:2]) == {1, 3}
    assert set(ids(engine, "external drive 2000 gb")[:2]) == {1, 3}
