"""Slugs: what the contract takes as one, made from any name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.catalog.slugs import has_letter, random_sku, slugify, with_suffix

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Crème brûlée", "creme-brulee"),
        ("  Café -- au lait! ", "cafe-au-lait"),
        ("T-Shirt (XL)", "t-shirt-xl"),
        ("2024", "item-2024"),
        ("20 24", "item-20-24"),
        ("Straße", "strasse"),
        ("Smørrebrød", "smorrebrod"),
        ("Łódź", "lodz"),
        ("Æble", "aeble"),
        ("ışık", "isik"),
        ("Þór ðag", "thor-dag"),
        ("Тестовый товар", "testovyy-tovar"),
        ("Καφές", "kafes"),
        ("قهوة", "qhwh"),
        ("漢字", "hanzi"),
        ("保温杯", "baowenbei"),
        ("コーヒー", "kohi"),
        ("커피", "keopi"),
        ("ﬁne", "fine"),
        ("", "item"),
        ("\u0301", "item"),
        ("٣", "item-3"),
    ],
)
def test_a_slug_is_the_name_in_plain_letters(name: str, slug: str) -> None:
    assert slugify(name) == slug


@given(name=st.text(max_size=200), max_length=st.integers(1, 200))
def test_any_name_becomes_a_slug_that_the_contract_takes(name: str, max_length: int) -> None:
    for slug in (slugify(name, max_length=max_length), with_suffix(slugify(name, max_length=max_length))):
        assert SLUG.fullmatch(slug)
        assert has_letter(slug)
        assert len(slug) <= max_length + len("item-") + 6


def test_suffixes_and_skus_differ() -> None:
    assert len({with_suffix("mug") for _ in range(50)}) > 45
    assert len({random_sku() for _ in range(50)}) == 50
