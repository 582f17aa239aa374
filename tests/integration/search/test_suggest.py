"""Suggestions: the catalogue and what many searched for, as it is now, and nothing that one person typed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import grpc
import pytest
from sanset.v1 import category_pb2, product_pb2
from sanset.v1 import search_pb2 as pb
from support.payment_shop import eventually
from support.running_shop import RunningShop, refused, test_settings

from server.search.analytics import sharing

pytestmark = pytest.mark.either

SUGGESTION = pb.Suggestion


@pytest.fixture(scope="module", name="shop")
def own_shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop of which only these tests change the catalogue."""
    running = RunningShop(test_settings(module_database_url, tmp_path_factory.mktemp("suggest")))
    yield running
    running.stop()


def word() -> str:
    """A word that no other test has, of letters alone."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:12])


def suggested(shop: RunningShop, typed: str, limit: int = 0) -> list[pb.Suggestion]:
    """What is suggested to anybody."""
    return list(shop.search.Suggest(pb.SuggestRequest(q=typed, limit=limit)).items)


def texts(shop: RunningShop, typed: str, limit: int = 0) -> list[str]:
    """The texts of it."""
    return [item.text for item in suggested(shop, typed, limit)]


def test_a_product_is_suggested_by_each_of_its_words_until_it_is_deleted(shop: RunningShop) -> None:
    first, second = word(), word()
    product = shop.product(name=f"{first} {second}".title())
    expected = pb.Suggestion(text=product.name, kind=SUGGESTION.PRODUCT, product_id=product.id)
    eventually(lambda: suggested(shop, first[:6]) == [expected])
    assert suggested(shop, second[:6].upper()) == [expected]
    assert suggested(shop, f"{first} {second[:3]}") == [expected]
    request = product_pb2.UpdateProductRequest(product=product_pb2.Product(id=product.id, name=second))
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    eventually(lambda: texts(shop, first[:6]) == [] and texts(shop, second[:6]) == [second])
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=shop.admin.metadata
    )
    eventually(lambda: texts(shop, second[:6]) == [])


def test_brands_and_categories_are_suggested(shop: RunningShop) -> None:
    brand, name = word().title(), word().title()
    category = shop.catalog.CreateCategory(
        category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=name)),
        metadata=shop.admin.metadata,
    )
    shop.product(brand=brand, category_id=category.id)
    eventually(lambda: suggested(shop, brand[:6]) == [pb.Suggestion(text=brand, kind=SUGGESTION.BRAND)])
    of_category = pb.Suggestion(text=name, kind=SUGGESTION.CATEGORY, category_id=category.id)
    eventually(lambda: suggested(shop, name[:6]) == [of_category])


def test_a_query_of_many_is_suggested_before_others(shop: RunningShop) -> None:
    common = word()
    with shop.app.db.transaction() as tx:
        sharing.replace(tx, {f"{common} for two": 9, f"{common} for one": 90})
    eventually(lambda: texts(shop, common[:5]) == [f"{common} for one", f"{common} for two"])
    assert texts(shop, common[:5], limit=1) == [f"{common} for one"]


def test_what_is_mistyped_is_suggested_all_the_same(shop: RunningShop) -> None:
    name = word()
    shop.product(name=name)
    eventually(lambda: texts(shop, name) == [name])
    swapped = name[:4] + name[5] + name[4] + name[6:]
    assert texts(shop, swapped) == [name]


def test_what_has_no_word_and_what_nothing_goes_on_with_has_no_completion(shop: RunningShop) -> None:
    for typed in ("", " ", "%_\\'\"*", word(), "a" * 200, "🛒"):
        assert texts(shop, typed) == []
    for typed in ("x" * 201, "mug\u202e", "mug\x00"):
        request = pb.SuggestRequest(q=typed)
        assert refused(shop.search.Suggest, request).code is grpc.StatusCode.INVALID_ARGUMENT


def test_after_an_import_everything_is_read_again(shop: RunningShop) -> None:
    product, name = shop.product(), word()
    shop.sql("UPDATE products SET name = :name WHERE id = :id", name=name, id=product.id)
    shop.relist([product.id])
    eventually(lambda: texts(shop, name) == [name])


@pytest.mark.both
def test_a_suggestion_asks_the_database_nothing(shop: RunningShop) -> None:
    suggested(shop, "warm")
    with shop.counted_queries() as statements:
        suggested(shop, word())
    assert statements == []
