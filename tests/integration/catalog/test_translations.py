"""Texts in further languages: who reads which, that replies in memory never mix them, and how they are changed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, category_pb2, order_service_pb2, payment_pb2, search_pb2
from sanset.v1 import product_pb2 as pb
from support.running_shop import RunningShop, refusal, test_settings

pytestmark = pytest.mark.either

GERMAN = (("accept-language", "de-AT,de;q=0.9,en;q=0.5"),)
FRENCH = (("accept-language", "fr"),)


@pytest.fixture(scope="module")
def shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop that writes in English, and translates into German and French."""
    settings = test_settings(
        module_database_url, tmp_path_factory.mktemp("languages"), languages=["de", "fr"]
    )
    running = RunningShop(settings)
    yield running
    running.stop()


def _word() -> str:
    return "w" + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:14]


def _teapot(shop: RunningShop, word: str = "", **fields: Any) -> pb.Product:
    """A product with its name in German, and a description that is not translated."""
    fields = {"description": "Holds a litre", "brand": word, **fields}
    product = pb.Product(
        name=f"Teapot {word}",
        price=Money(currency_code="USD", units=20),
        translations=[{"language": "de", "name": f"Teekanne {word}", "seo_title": "Kannen"}],
        **fields,
    )
    request = pb.CreateProductRequest(product=product)
    created: pb.Product = shop.catalog.CreateProduct(request, metadata=shop.admin.metadata)
    return created


def _get(shop: RunningShop, product_id: int, language: str = "", metadata: Any = ()) -> pb.Product:
    request = pb.GetProductRequest(product_id=product_id, language=language)
    product: pb.Product = shop.catalog.GetProduct(request, metadata=metadata)
    return product


def _update(shop: RunningShop, *paths: str, **fields: Any) -> pb.Product:
    request = pb.UpdateProductRequest(product=pb.Product(**fields), update_mask=FieldMask(paths=paths))
    product: pb.Product = shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    return product


def _names(shop: RunningShop, brand: str, metadata: Any = (), **fields: Any) -> list[str]:
    request = pb.ListProductsRequest(brand=brand, **fields)
    return [product.name for product in shop.catalog.ListProducts(request, metadata=metadata).items]


def test_a_product_is_told_in_the_language_that_is_liked_best(shop: RunningShop) -> None:
    word = _word()
    product = _teapot(shop, word)
    assert (product.name, product.language) == (f"Teapot {word}", "en")
    assert [each.language for each in product.translations] == ["de"]
    for german in (_get(shop, product.id, metadata=GERMAN), _get(shop, product.id, "de-CH")):
        assert (german.name, german.language) == (f"Teekanne {word}", "de")
        assert (german.seo_title, german.description) == ("Kannen", "Holds a litre")
        assert not german.translations
        assert german.etag == product.etag
    for english in (
        _get(shop, product.id),
        _get(shop, product.id, "ja"),
        _get(shop, product.id, "en", GERMAN),
    ):
        assert (english.name, english.language, len(english.translations)) == (product.name, "en", 0)
    assert _get(shop, product.id, metadata=FRENCH).language == "en", "it has no French texts"
    whole = _get(shop, product.id, "*", GERMAN)
    assert (whole.name, whole.translations) == (product.name, product.translations)


def test_lists_in_memory_never_mix_languages(shop: RunningShop) -> None:
    word = _word()
    product = _teapot(shop, word)
    for _ in range(2):  # made, then from memory
        assert _names(shop, word) == [f"Teapot {word}"]
        assert _names(shop, word, GERMAN) == [f"Teekanne {word}"]
        assert _names(shop, word, language="de") == [f"Teekanne {word}"]
        assert _names(shop, word, FRENCH) == [f"Teapot {word}"]
    request = pb.BatchGetProductsRequest(product_ids=[product.id], view=pb.Product.FULL)
    for metadata, name in ((GERMAN, "Teekanne"), ((), "Teapot")):
        (item,) = shop.catalog.BatchGetProducts(request, metadata=metadata).items
        assert (item.name, len(item.translations)) == (f"{name} {word}", 0)
    changed = shop.catalog.ListProducts(pb.ListProductsRequest(product_ids=[product.id]), metadata=GERMAN)
    assert [item.name for item in changed.items] == [f"Teekanne {word}"]


def test_what_was_read_in_a_language_is_written_back_into_it(shop: RunningShop) -> None:
    word = _word()
    product = _teapot(shop, word)
    german = _get(shop, product.id, metadata=GERMAN)
    assert _update(shop, "*", **_fields(german)).etag == product.etag, "nothing changed"
    german.name = f"Kanne {word}"
    written = _update(shop, "*", **_fields(german))
    assert written.name == f"Teapot {word}"
    (translation,) = written.translations
    assert (translation.name, translation.description, translation.seo_title) == (german.name, "", "Kannen")
    _update(shop, "name", "language", id=product.id, name=f"Théière {word}", language="fr")
    assert _get(shop, product.id, "fr").name == f"Théière {word}"
    assert _get(shop, product.id, "de").name == f"Kanne {word}"
    _update(shop, "name", id=product.id, name=f"Krug {word}", language="de")
    assert _get(shop, product.id).name == f"Teapot {word}", "the language counts whatever the mask names"
    assert _get(shop, product.id, "de").name == f"Krug {word}"
    _update(shop, "name", id=product.id, name=f"Kanne {word}", language="de")
    _update(shop, "description", id=product.id, description="Holds two litres")
    assert _get(shop, product.id, "de").description == "Holds two litres", "what is not translated follows"
    _update(shop, "*", id=product.id, name="Pot", price=product.price)
    assert _get(shop, product.id, "de").name == f"Kanne {word}", (
        "a replacement without translations leaves them"
    )
    _update(shop, "translations", id=product.id)
    assert _get(shop, product.id, "de").name == "Pot"


def _fields(product: pb.Product) -> dict[str, Any]:
    names = ("id", "sku", "name", "slug", "description", "seo_title", "seo_description", "language")
    return {name: getattr(product, name) for name in (*names, "brand", "price", "max_quantity")}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"translations": [{"language": "ja", "name": "x"}]}, "product.translations[0].language"),
        ({"translations": [{"language": "en", "name": "x"}]}, "product.translations[0].language"),
        ({"translations": [{"language": "de"}, {"language": "de"}]}, "product.translations[1].language"),
        ({"translations": [{"language": "de-AT"}]}, "product.translations[0].language"),
        ({"translations": [{"language": "de", "name": "a\nb"}]}, "product.translations[0].name"),
        ({"language": "ja", "name": "x"}, "product.language"),
    ],
)
def test_translations_that_cannot_be_are_refused_by_name(
    shop: RunningShop, fields: dict[str, Any], path: str
) -> None:
    product = _teapot(shop)
    with pytest.raises(grpc.RpcError) as refused:
        _update(shop, *fields, id=product.id, **fields)
    assert refusal(refused.value).fields == [path]
    assert _get(shop, product.id).etag == product.etag


def test_something_new_is_written_in_the_shops_own_language(shop: RunningShop) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        _teapot(shop, language="de")
    assert refusal(refused.value).fields == ["product.language"]


def _category(shop: RunningShop, name: str, german: str, parent_id: int = 0) -> category_pb2.Category:
    category = category_pb2.Category(
        name=name, parent_id=parent_id, translations=[{"language": "de", "name": german}]
    )
    created: category_pb2.Category = shop.catalog.CreateCategory(
        category_pb2.CreateCategoryRequest(category=category), metadata=shop.admin.metadata
    )
    return created


def test_categories_are_told_and_found_in_both_languages(shop: RunningShop) -> None:
    word = _word()
    category = _category(shop, f"Pots {word}", f"Kannen {word}")
    product = _teapot(shop, word, category_id=category.id)
    assert (category.name, category.language, len(category.translations)) == (f"Pots {word}", "en", 1)
    request = category_pb2.GetCategoryRequest(category_id=category.id)
    german = shop.catalog.GetCategory(request, metadata=GERMAN)
    assert (german.name, german.language, german.etag) == (f"Kannen {word}", "de", category.etag)
    assert not german.translations
    request.language = "*"
    assert shop.catalog.GetCategory(request).translations == category.translations
    assert _get(shop, product.id, "de").category == f"Kannen {word}"
    assert _get(shop, product.id, "fr").category == f"Pots {word}"
    for name in (f"Kannen {word}", f"pots {word}"):
        assert _names(shop, "", GERMAN, category=name) == [f"Teekanne {word}"]
    german.name = f"Gefäße {word}"
    changed = category_pb2.Category(id=german.id, name=german.name, language="de", etag=german.etag)
    update = category_pb2.UpdateCategoryRequest(
        category=changed, update_mask=FieldMask(paths=["name", "language"])
    )
    written = shop.catalog.UpdateCategory(update, metadata=shop.admin.metadata)
    assert (written.name, written.translations[0].name) == (f"Pots {word}", f"Gefäße {word}")
    assert _get(shop, product.id, "de").category == f"Gefäße {word}"
    listed = category_pb2.ListCategoriesRequest(page_size=100)
    names = [each.name for each in shop.catalog.ListCategories(listed, metadata=GERMAN).items]
    assert names == sorted(names, key=str.lower)
    assert f"Gefäße {word}" in names
    with pytest.raises(grpc.RpcError):
        shop.catalog.UpdateCategory(update, metadata=shop.admin.metadata)


def _found(shop: RunningShop, q: str, metadata: Any = (), **fields: Any) -> search_pb2.SearchProductsResponse:
    request = search_pb2.SearchProductsRequest(q=q, **fields)
    reply: search_pb2.SearchProductsResponse = shop.search.SearchProducts(request, metadata=metadata)
    return reply


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up, "it does not come"
        time.sleep(0.02)


def test_a_product_is_found_by_its_words_in_the_language_of_the_call_and_in_the_shops_own(
    shop: RunningShop,
) -> None:
    word = _word()
    category = _category(shop, f"Crockery {word}", f"Geschirr {word}")
    product = _teapot(shop, word, category_id=category.id)
    _until(lambda: _found(shop, f"kannen {word}", GERMAN).total_size == 1)
    _until(lambda: _found(shop, f"teapots {word}").total_size == 1)
    for query, metadata in (
        (f"teekannen {word}", GERMAN),
        (f"teapots {word}", GERMAN),
        (f"teapots {word}", ()),
    ):
        (hit,) = _found(shop, query, metadata).items
        assert hit.product.id == product.id
        assert hit.highlights, "the words are marked"
    german = _found(shop, f"teekanen {word}", GERMAN)
    assert german.corrected_query == f"teekanne {word}"
    assert german.items[0].product.name == f"Teekanne {word}"
    assert german.facets.categories[0].name == f"Geschirr {word}"
    assert "teekanne" not in _found(shop, f"teekanen {word}").corrected_query, "English has no such word"
    assert _names(shop, "", GERMAN, q=f"teekannen {word}") == [f"Teekanne {word}"]
    renamed = [{"language": "de", "name": f"Becher {word}"}]
    _update(shop, "translations", id=product.id, translations=renamed)
    _until(lambda: _found(shop, f"bechern {word}", GERMAN).total_size == 1)


def test_suggestions_are_names_in_the_language_of_the_call(shop: RunningShop) -> None:
    word = _word()
    _teapot(shop, word)

    def texts(metadata: Any) -> list[str]:
        items = shop.search.Suggest(search_pb2.SuggestRequest(q=word), metadata=metadata).items
        return [item.text for item in items if item.kind == search_pb2.Suggestion.PRODUCT]

    _until(lambda: texts(()) == [f"Teapot {word}"])
    _until(lambda: texts(GERMAN) == [f"Teekanne {word}"])


def test_a_cart_names_products_in_the_language_of_the_call_and_an_order_in_that_of_the_checkout(
    shop: RunningShop,
) -> None:
    word = _word()
    product = _teapot(shop, word, stock=5)
    buyer = shop.customer()
    shop.add(buyer, product.id)
    german = (*buyer.metadata, *GERMAN)
    for metadata, name in ((german, "Teekanne"), (buyer.metadata, "Teapot")):
        cart = shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=metadata)
        assert [line.product_name for line in cart.items] == [f"{name} {word}"]
    request = order_service_pb2.CheckoutRequest(
        request_id=str(uuid.uuid4()), payment_method=payment_pb2.Payment.CARD
    )
    order = shop.orders.Checkout(request, metadata=german).order
    read = order_service_pb2.GetOrderRequest(order_id=order.id)
    _update(shop, "name", "language", id=product.id, name=f"Kanne {word}", language="de")
    for metadata in (german, buyer.metadata):
        lines = shop.orders.GetOrder(read, metadata=metadata).items
        assert [line.name for line in lines] == [f"Teekanne {word}"], "what was bought stays as it was named"


def _category(shop: RunningShop, name: str, german: str = "") -> category_pb2.Category:
    category = category_pb2.Category(name=name)
    if german:
        category.translations.add(language="de", name=german)
    request = category_pb2.CreateCategoryRequest(category=category)
    created: category_pb2.Category = shop.catalog.CreateCategory(request, metadata=shop.admin.metadata)
    return created


def test_a_category_is_written_by_the_name_that_was_read_in_any_language(shop: RunningShop) -> None:
    word = _word()
    books = _category(shop, f"Books {word}", f"Bücher {word}")
    poison = _category(shop, f"Poison {word}", f"Gift {word}")
    gift = _category(shop, f"Gift {word}", f"Geschenk {word}")
    product = shop.product(category_id=books.id)
    german = _get(shop, product.id, "de")
    assert german.category == f"Bücher {word}"
    _update(shop, "category_id", id=product.id, category_id=gift.id)
    for name, language, category in (
        (german.category, "de", books),
        (f"gift {word}", "de", poison),
        (f"Gift {word}", "", gift),
        (f"BÜCHER {word}", "", books),
        (f"Poison {word}", "de", poison),
        (poison.slug, "fr", poison),
    ):
        sent = pb.Product(id=product.id, category=name, **({"language": language} if language else {}))
        request = pb.UpdateProductRequest(product=sent, update_mask={"paths": ["category"]})
        assert shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata).category_id == category.id
    created = shop.product(category=f"Geschenk {word}")
    assert created.category_id == gift.id


def test_the_translated_name_of_a_category_is_cleared_by_an_empty_one(shop: RunningShop) -> None:
    word = _word()
    books = _category(shop, f"Books {word}", f"Bücher {word}")

    def renamed(name: str, **fields: str) -> str:
        sent = category_pb2.Category(id=books.id, name=name, **fields)
        request = category_pb2.UpdateCategoryRequest(category=sent, update_mask={"paths": ["name"]})
        category: category_pb2.Category = shop.catalog.UpdateCategory(request, metadata=shop.admin.metadata)
        return ", ".join([category.name, *(each.name for each in category.translations)])

    assert renamed(f"Buch {word}", language="de") == f"Books {word}, Buch {word}"
    assert renamed("", language="de") == f"Books {word}"
    with pytest.raises(grpc.RpcError) as caught:
        renamed("")
    assert refusal(caught.value).fields == ["category.name"]
    tea = _teapot(shop, word)
    request = pb.UpdateProductRequest(
        product=pb.Product(id=tea.id, name="", language="de"), update_mask={"paths": ["name"]}
    )
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    assert _get(shop, tea.id, "de").name == tea.name
