"""Products as large as they may be: no list of them grows past what clients take, and none is left out."""

from __future__ import annotations

import uuid

import grpc
import pytest
from sanset.v1 import catalog_pb2_grpc, category_pb2, product_pb2
from support.catalog_shop import copy_product, largest_product, listed_categories
from support.running_shop import RunningShop, refused

from server.paging import MAX_PAGE_BYTES

pytestmark = pytest.mark.either

COUNT = 100


Crowd = tuple[str, list[int]]
"""A tag, and the ids of a hundred products within every limit, the newest first."""


@pytest.fixture(scope="module")
def crowds() -> dict[tuple[str, str], Crowd]:
    """The crowds there are, by shop and character: they are only read."""
    return {}


@pytest.fixture(params=["🛒", "<", "\u2027"], ids=["wide", "long", "medium"])
def crowd(shop: RunningShop, crowds: dict[tuple[str, str], Crowd], request: pytest.FixtureRequest) -> Crowd:
    """The crowd of a shop whose texts are of one character."""
    key = shop.settings.url, request.param
    if key not in crowds:
        tag = uuid.uuid4().hex
        first = largest_product(shop, tag, request.param).id
        crowds[key] = tag, sorted([first, *copy_product(shop, first, COUNT - 1)], reverse=True)
    return crowds[key]


def test_a_page_of_the_largest_products_is_read_with_the_defaults_of_grpc(
    shop: RunningShop, crowd: Crowd
) -> None:
    tag, made = crowd
    with grpc.insecure_channel(shop.target) as channel:
        catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
        for view in (product_pb2.Product.SUMMARY, product_pb2.Product.FULL):
            listed: list[int] = []
            token = ""
            while True:
                request = product_pb2.ListProductsRequest(
                    tags=[tag], page_size=COUNT, page_token=token, view=view
                )
                reply = catalog.ListProducts(request)
                assert reply.ByteSize() < MAX_PAGE_BYTES + 3_000
                listed += [product.id for product in reply.items]
                token = reply.next_page_token
                if not token:
                    break
            assert listed == made


def test_a_list_shows_summaries_unless_all_is_asked_for(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    product = largest_product(shop, tag)
    request = product_pb2.ListProductsRequest(tags=[tag])
    (summary,) = shop.catalog.ListProducts(request).items
    assert summary.name == product.name
    assert (summary.price, summary.stock, summary.brand) == (product.price, product.stock, product.brand)
    assert (summary.description, summary.seo_title, summary.seo_description) == ("", "", "")
    assert not summary.HasField("attributes")
    request.view = product_pb2.Product.FULL
    assert list(shop.catalog.ListProducts(request).items) == [product]
    assert shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id)) == product


def test_a_token_goes_on_in_the_view_it_was_given_for(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    for _ in range(2):
        shop.product(tags=[tag])
    token = shop.catalog.ListProducts(
        product_pb2.ListProductsRequest(tags=[tag], page_size=1)
    ).next_page_token
    other = product_pb2.ListProductsRequest(
        tags=[tag], page_size=1, page_token=token, view=product_pb2.Product.FULL
    )
    assert refused(shop.catalog.ListProducts, other).reason == "INVALID_PAGE_TOKEN"
    same = product_pb2.ListProductsRequest(
        tags=[tag], page_size=1, page_token=token, view=product_pb2.Product.SUMMARY
    )
    assert len(shop.catalog.ListProducts(same).items) == 1


def test_a_batch_of_the_largest_products_names_what_did_not_fit(shop: RunningShop, crowd: Crowd) -> None:
    _, made = crowd
    with grpc.insecure_channel(shop.target) as channel:
        catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
        listed: list[int] = []
        asked = made
        while asked:
            request = product_pb2.BatchGetProductsRequest(product_ids=asked, view=product_pb2.Product.FULL)
            reply = catalog.BatchGetProducts(request)
            assert reply.items
            assert not reply.missing_ids
            listed += [product.id for product in reply.items]
            asked = list(reply.remaining_ids)
        assert listed == made
        assert not catalog.BatchGetProducts(
            product_pb2.BatchGetProductsRequest(product_ids=made[:10])
        ).remaining_ids


@pytest.mark.parametrize(
    ("field", "text"),
    [("description", "🛒" * 8_193), ("description", "é" * 10_001), ("description", "é" + "🛒" * 8_192)],
)
def test_a_text_is_bounded_in_bytes_as_well_as_in_characters(
    shop: RunningShop, field: str, text: str
) -> None:
    product = product_pb2.Product(name="Mug", **{field: text})
    product.price.units = 1
    said = refused(shop.catalog.CreateProduct, product_pb2.CreateProductRequest(product=product), shop.admin)
    assert (said.code, set(said.fields)) == (grpc.StatusCode.INVALID_ARGUMENT, {f"product.{field}"})


def test_categories_describe_themselves_where_they_are_asked_for(shop: RunningShop) -> None:
    def create(**fields: object) -> category_pb2.Category:
        category = category_pb2.Category(name=f"Shelf {uuid.uuid4().hex}", **fields)  # type: ignore[arg-type]
        return shop.catalog.CreateCategory(
            category_pb2.CreateCategoryRequest(category=category), metadata=shop.admin.metadata
        )

    top = create(description="Above")
    below = create(description="Below", parent_id=top.id)
    shown = shop.catalog.GetCategory(category_pb2.GetCategoryRequest(category_id=top.id))
    assert (shown.description, shown.children[0].id, shown.children[0].description) == ("Above", below.id, "")
    (listed,) = [category for category in listed_categories(shop) if category.id == top.id]
    assert (listed.description, listed.children[0].description) == ("", "")
