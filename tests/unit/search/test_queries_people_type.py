"""What people type finds what they mean: forms, typos, joined and split words, beginnings, numbers and units."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.search_index import engine_of, ids, named, search

from server.search.engine.interpretation import MAX_CORRECTED, Synonym
from server.search.engine.vocabulary import Vocabulary, WordCandidate
from server.search.index.documents import Document
from server.search.index.shelf import ShelfItem

SHOP = named(
    "Sony wireless headphones",  # 1
    "Logitech wireless mouse",  # 2
    "Kingston memory 16 GB",  # 3
    "Dell monitor 27 inch",  # 4
    "Garden chair, oak",  # 5
    "Breakfast loaf",  # 6
    "HP LaserJet printer",  # 7
    "Notebook sleeve 15 inch",  # 8
)


@pytest.mark.parametrize(
    ("text", "product_id"),
    [
        ("headphone", 1),
        ("HEADPHONES sony", 1),
        ("head phones", 1),
        ("haedphones", 1),
        ("hedphones", 1),
        ("headphonnes", 1),
        ("wirelessmouse", 2),
        ("logitec", 2),
        ("16gb", 3),
        ("16 gb memroy", 3),
        ("27in monitor", 4),
        ('monitor 27"', 4),
        ("monitor 27", 4),
        ("gar", 5),
        ("oak chiar", 5),
        ("breakf", 6),
        ("laserjet printers", 7),
        ("lazerjet", 7),
        ("note book sleeve", 8),
    ],
)
def test_what_a_person_types_finds_what_they_mean(text: str, product_id: int) -> None:
    assert ids(SHOP, text)[0] == product_id


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("sony haedphones", "sony headphones"),
        ("wirelessmouse", "wireless mouse"),
        ("16gb memroy", "16gb memory"),
        ("sony headphones", ""),
        ("sony headph", ""),
    ],
)
def test_what_was_searched_for_instead_is_said(text: str, corrected: str) -> None:
    answer = search(SHOP, text)
    assert (answer.query.text if answer.query.corrected else "") == corrected


def test_short_words_are_not_corrected_and_long_ones_in_two_places() -> None:
    shop = named("Tea", "Refrigerator")
    assert ids(shop, "tee ") == []
    assert ids(shop, "refirgeratro ") == [2]


def test_a_correction_begins_as_what_was_typed_where_one_does() -> None:
    shop = named("Mouse", "House")
    assert search(shop, "mouze ").query.text == "mouse"
    assert search(shop, "nouse ").query.corrected


def test_what_has_every_word_comes_before_what_has_some() -> None:
    shop = named("Red red red red mug", "Red teapot", "Red mug and blue teapot")
    assert ids(shop, "red mug teapot")[0] == 3


def test_a_name_counts_for_more_than_a_description() -> None:
    shop = engine_of(
        [
            Document(product_id=1, name="Bag", description="For a camera"),
            Document(product_id=2, name="Camera", description="With a bag"),
        ]
    )
    assert ids(shop, "camera") == [2, 1]


def test_what_a_thing_is_for_is_not_what_it_is() -> None:
    shop = named(
        "Cover for Galaxy S7 phone, blue", "Samsung Galaxy S7 phone with 32 GB, unlocked, of black glass"
    )
    assert ids(shop, "galaxy s7 phone ") == [2, 1]
    assert ids(shop, "galaxy s7 cover ")[0] == 1


def test_a_sku_finds_its_product_first_and_says_which_variant() -> None:
    shop = engine_of(
        [
            Document(product_id=1, name="AB-1 AB-1 AB-1 adapter"),
            Document(product_id=2, name="Cable", skus={"AB-1": 21, "cab": 0}),
        ]
    )
    answer = search(shop, "ab-1")
    assert (answer.ranked.product_ids[0], answer.sku_product, answer.query.sku) == (2, 2, (1, 21))


def test_what_is_sold_out_comes_below_and_what_sells_above() -> None:
    documents = [Document(product_id=i, name="Oak chair") for i in (1, 2, 3)]
    items = [
        ShelfItem(product_id=1, price_minor=1, in_stock=False, sold=900),
        ShelfItem(product_id=2, price_minor=1, sold=50),
        ShelfItem(product_id=3, price_minor=1, sold=2),
    ]
    assert ids(engine_of(documents, items), "oak chair") == [2, 3, 1]


class _Sofas:
    def of(self, query: Sequence[str]) -> Sequence[Synonym]:
        return [Synonym(i, i + 1, ("couch",)) for i, word in enumerate(query) if word == "sofa"]


def test_synonyms_are_found_beside_the_words_themselves() -> None:
    documents = [Document(product_id=1, name="Red sofa"), Document(product_id=2, name="Red couch")]
    assert ids(engine_of(documents), "sofa ") == [1]
    assert ids(engine_of(documents, synonyms=_Sofas()), "sofa ") == [1, 2]


def test_a_synonym_of_a_word_that_the_catalogue_lacks_comes_before_a_correction() -> None:
    documents = [Document(product_id=1, name="Red couch"), Document(product_id=2, name="Red soda")]
    answer = search(engine_of(documents, synonyms=_Sofas()), "sofa")
    assert (answer.ranked.product_ids.tolist(), answer.query.corrected) == ([1], False)
    assert ids(engine_of(documents[1:], synonyms=_Sofas()), "sofa") == [2]


def test_a_text_of_many_unknown_words_is_not_corrected_word_by_word() -> None:
    looked_up: list[str] = []

    def nearest(_: Vocabulary, word: str) -> list[WordCandidate]:
        looked_up.append(word)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Vocabulary, "nearest", nearest)
        search(named("Mug"), " ".join(f"zzz{letter}yyy" for letter in "abcdefghijklmnopqrst"))
    assert len(looked_up) == MAX_CORRECTED


def test_a_blank_text_finds_everything_and_one_without_words_nothing() -> None:
    assert len(ids(SHOP, "  ")) == 8
    assert ids(SHOP, "?!") == []


@pytest.mark.parametrize(
    "text",
    [
        'name:"x" AND (foo OR bar) NOT baz',
        "* ^ ~ \\ [1 TO 2] +a -b && ||",
        "'; DROP TABLE products; --",
        "\x01\x1f\x7f",
        "ключ от всех дверей",
        "مفتاح",
        "鍵 と 錠",
        "a" * 200,
        "ab " * 66,
        "🛒" * 50,
    ],
)
def test_whatever_is_typed_has_an_answer_soon(text: str) -> None:
    began = time.process_time()
    search(SHOP, text)
    assert time.process_time() - began < 0.5


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_no_text_makes_the_engine_fail(text: str) -> None:
    answer = search(SHOP, text)
    assert answer.total == len(answer.ranked.product_ids)


def test_a_brand_that_is_named_comes_before_what_only_speaks_of_it() -> None:
    shop = engine_of(
        [
            Document(product_id=1, name="Toner for HP, like HP toner", brand="Xerox"),
            Document(product_id=2, name="Toner black", brand="HP"),
        ]
    )
    assert ids(shop, "hp toner") == [2, 1]


def test_what_the_catalogue_mistypes_once_is_found_with_what_it_means() -> None:
    shop = named("Blue cartrige", *["Red cartridge"] * 60)
    assert search(shop, "cartrige ").total == 61
