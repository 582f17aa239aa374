"""Skus, slugs and names: what is deleted gives them free and can come back; what was read can be written back."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, inventory_pb2, product_pb2
from support.running_shop import Account, Refused, RunningShop, refused

pytestmark = pytest.mark.either

INVALID = grpc.StatusCode.INVALID_ARGUMENT
TAKEN = grpc.StatusCode.ALREADY_EXISTS


def _unique(word: str) -> str:
    return f"{word} {uuid.uuid4().hex[:10]}"


def _delete(shop: RunningShop, product_id: int, account: Account | None = None) -> None:
    request = product_pb2.DeleteProductRequest(product_id=product_id)
    shop.catalog.DeleteProduct(request, metadata=(account or shop.admin).metadata)


def _undelete(shop: RunningShop, product_id: int, **names: str) -> product_pb2.Product:
    request = product_pb2.UndeleteProductRequest(product_id=product_id, **names)
    return shop.catalog.UndeleteProduct(request, metadata=shop.admin.metadata)


def _category(shop: RunningShop, name: str, **fields: Any) -> category_pb2.Category:
    request = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=name, **fields))
    return shop.catalog.CreateCategory(request, metadata=shop.admin.metadata)


def _get(shop: RunningShop, product_id: int) -> product_pb2.Product:
    return shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product_id))


# ── Deleted, free, and back


def test_a_deleted_products_sku_and_slug_are_free_again(shop: RunningShop) -> None:
    sku, name = f"S-{uuid.uuid4().hex[:8]}", _unique("Mug")
    first = shop.product(sku=sku, name=name)
    _delete(shop, first.id)
    second = shop.product(sku=sku, name=name)
    assert (second.sku, second.slug) == (first.sku, first.slug)
    assert second.id != first.id
    _delete(shop, second.id)
    third = shop.product(sku=sku, name=name)
    by_slug = shop.catalog.GetProduct(product_pb2.GetProductRequest(slug=first.slug))
    assert by_slug.id == third.id, "a slug leads to the one that is there"


def test_a_product_that_is_undeleted_is_as_it_was_everywhere(shop: RunningShop) -> None:
    tag, category = uuid.uuid4().hex, _category(shop, _unique("Cups"))
    before = shop.product(tags=[tag], stock=3, category=category.slug, brand="Acme")
    buyer = shop.customer()
    shop.add(buyer, before.id)
    _delete(shop, before.id)
    listed = product_pb2.ListProductsRequest(tags=[tag])
    assert not shop.catalog.ListProducts(listed).items
    after = _undelete(shop, before.id)
    for changed in (before, after):
        changed.ClearField("etag")
        changed.ClearField("update_time")
    assert after == before
    assert [product.id for product in shop.catalog.ListProducts(listed).items] == [before.id]
    assert _get(shop, before.id).stock == 3
    assert shop.checkout(buyer).order.items[0].product_id == before.id


def test_undeleting_what_is_there_changes_nothing_and_what_never_was_is_not_found(shop: RunningShop) -> None:
    product = shop.product()
    assert _undelete(shop, product.id, slug="another-slug") == product
    said = refused(
        shop.catalog.UndeleteProduct, product_pb2.UndeleteProductRequest(product_id=2**40), shop.admin
    )
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "PRODUCT_NOT_FOUND")


@pytest.mark.parametrize("name", ["sku", "slug"])
def test_what_another_has_by_now_is_refused_until_another_is_sent(shop: RunningShop, name: str) -> None:
    names = {"sku": f"S-{uuid.uuid4().hex[:8]}", "slug": f"s-{uuid.uuid4().hex[:8]}"}
    first = shop.product(**names)
    _delete(shop, first.id)
    shop.product(**{name: names[name]})
    said = refused(
        shop.catalog.UndeleteProduct, product_pb2.UndeleteProductRequest(product_id=first.id), shop.admin
    )
    assert (said.code, said.reason) == (TAKEN, f"{name.upper()}_TAKEN")
    assert said.facts == {name: names[name]}
    assert refused(shop.catalog.GetProduct, product_pb2.GetProductRequest(product_id=first.id)).reason
    other = f"other-{uuid.uuid4().hex[:8]}"
    back = _undelete(shop, first.id, **{name: other})
    assert getattr(back, name) == other
    inventory = shop.inventory.GetInventory(inventory_pb2.GetInventoryRequest(product_id=first.id))
    assert [level.sku for level in inventory.levels] == [back.sku]


def test_a_vendor_brings_back_their_own(shop: RunningShop) -> None:
    vendor = shop.vendor()
    sent = product_pb2.Product(name=_unique("Own"), price=Money(units=1))
    product = shop.catalog.CreateProduct(
        product_pb2.CreateProductRequest(product=sent), metadata=vendor.metadata
    )
    _delete(shop, product.id, vendor)
    request = product_pb2.UndeleteProductRequest(product_id=product.id)
    said = refused(shop.catalog.UndeleteProduct, request, shop.vendor())
    assert (said.code, said.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_OWNER")
    assert shop.catalog.UndeleteProduct(request, metadata=vendor.metadata).id == product.id


# ── Categories by id, slug and name


def _moved(shop: RunningShop, product: product_pb2.Product, *paths: str) -> product_pb2.Product:
    request = product_pb2.UpdateProductRequest(product=product, update_mask=FieldMask(paths=paths))
    return shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)


def test_reading_a_product_and_writing_it_back_never_moves_it(shop: RunningShop) -> None:
    name = _unique("Shoes")
    men, women = _category(shop, _unique("Men")), _category(shop, _unique("Women"))
    for parent in (men, women):
        category = _category(shop, name, parent_id=parent.id)
        product = shop.product(category=category.slug if parent == women else "", category_id=category.id)
        assert (product.category, product.category_id) == (name, category.id)
        read = _get(shop, product.id)
        read.price.units = 11
        for paths in ([], ["*"], ["price"], ["category", "category_id", "price"]):
            assert _moved(shop, read, *paths).category_id == category.id, paths
            read.etag = ""


def test_a_name_that_fits_two_categories_is_refused_with_both_slugs_and_ids(shop: RunningShop) -> None:
    name = _unique("Shoes")
    parents = [_category(shop, _unique("Top")) for _ in range(2)]
    both = [_category(shop, name, parent_id=parent.id) for parent in parents]
    ids = [category.id for category in both]

    def names_both(said: Refused, field: str) -> bool:
        named = all(f"{each.slug} ({each.id})" in said.message for each in both)
        return (said.code, said.fields) == (INVALID, [field]) and named

    product = shop.product()
    sent = product_pb2.Product(name="Boot", price=Money(units=1), category=name.upper())
    create = product_pb2.CreateProductRequest(product=sent)
    assert names_both(refused(shop.catalog.CreateProduct, create, shop.admin), "product.category")
    update = product_pb2.UpdateProductRequest(product=product_pb2.Product(id=product.id, category=name))
    assert names_both(refused(shop.catalog.UpdateProduct, update, shop.admin), "product.category")
    listed = product_pb2.ListProductsRequest(category=name)
    assert names_both(refused(shop.catalog.ListProducts, listed), "category")
    slug = shop.catalog.GetCategory(category_pb2.GetCategoryRequest(category_id=ids[1])).slug
    assert _moved(shop, product_pb2.Product(id=product.id, category=slug)).category_id == ids[1]
    assert [
        p.id for p in shop.catalog.ListProducts(product_pb2.ListProductsRequest(category=slug)).items
    ] == [product.id]


def test_a_name_that_is_anothers_slug_is_refused_where_something_is_put(shop: RunningShop) -> None:
    word = f"w{uuid.uuid4().hex[:10]}"
    one, two = _category(shop, _unique("One"), slug=word), _category(shop, word.upper(), slug=f"{word}-two")
    create = product_pb2.CreateProductRequest(
        product=product_pb2.Product(name="Boot", price=Money(units=1), category=word)
    )
    said = refused(shop.catalog.CreateProduct, create, shop.admin)
    assert (said.code, said.fields) == (INVALID, ["product.category"])
    assert str(one.id) in said.message
    assert str(two.id) in said.message


def test_a_category_is_chosen_by_its_id_and_left_with_zero(shop: RunningShop) -> None:
    category = _category(shop, _unique("Cups"))
    product = shop.product(category_id=category.id)
    assert product.category == category.name
    assert _moved(shop, product_pb2.Product(id=product.id), "category_id").category_id == 0
    moved = _moved(shop, product_pb2.Product(id=product.id, category_id=category.id))
    assert moved.category_id == category.id
    assert _moved(shop, product_pb2.Product(id=product.id), "category").category_id == 0
    unknown = product_pb2.UpdateProductRequest(product=product_pb2.Product(id=product.id, category_id=2**40))
    said = refused(shop.catalog.UpdateProduct, unknown, shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CATEGORY_NOT_FOUND")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Tea", "TEA"),
        ("Tea", " Tea "),
        ("Tea cups", "Tea  cups"),
        ("Café", "Cafe\u0301"),
        ("Straße", "STRASSE"),
        ("ﬁne", "Fine"),
        ("Ｔea", "tea"),
    ],
)
def test_names_that_read_the_same_are_one_beside_each_other(
    shop: RunningShop, first: str, second: str
) -> None:
    top, word = _category(shop, _unique("Top")), uuid.uuid4().hex[:10]
    _category(shop, f"{first} {word}", parent_id=top.id)
    for name in (f"{second} {word}", f" {second} {word}\u00a0"):
        sent = category_pb2.Category(name=name, parent_id=top.id)
        said = refused(
            shop.catalog.CreateCategory, category_pb2.CreateCategoryRequest(category=sent), shop.admin
        )
        assert (said.code, said.reason) == (TAKEN, "CATEGORY_TAKEN"), name
    elsewhere = _category(shop, f"{second} {word}")
    move = category_pb2.UpdateCategoryRequest(
        category=category_pb2.Category(id=elsewhere.id, parent_id=top.id)
    )
    assert refused(shop.catalog.UpdateCategory, move, shop.admin).reason == "CATEGORY_TAKEN"


@pytest.mark.both
def test_of_two_categories_of_one_name_at_once_one_is_made(shop: RunningShop) -> None:
    name, outcomes = _unique("Tea"), []

    def create(spelled: str) -> None:
        try:
            outcomes.append(_category(shop, spelled).id)
        except grpc.RpcError as error:
            outcomes.append(error.code())  # type: ignore[attr-defined]

    threads = [
        threading.Thread(target=create, args=(spelled,)) for spelled in (name, name.upper(), f" {name} ") * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len([outcome for outcome in outcomes if isinstance(outcome, int)]) == 1
    assert outcomes.count(TAKEN) == 5


# ── Counts that say what they saw


def test_a_count_that_saw_what_is_there_is_taken_and_another_is_not(shop: RunningShop) -> None:
    product, buyer = shop.product(stock=10), shop.customer()
    shop.add(buyer, product.id, 3)
    shop.checkout(buyer)
    count = inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=9, expected_quantity=10)
    said = refused(shop.inventory.SetInventory, count, shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "STOCK_CHANGED")
    assert (said.facts["available"], said.facts["expected"]) == ("7", "10")
    assert _get(shop, product.id).stock == 7
    count.expected_quantity, count.quantity = 7, 6
    assert shop.inventory.SetInventory(count, metadata=shop.admin.metadata).total_available == 6
    count.expected_quantity, count.quantity = 6, 0
    assert shop.inventory.SetInventory(count, metadata=shop.admin.metadata).total_available == 0
    count.expected_quantity, count.quantity = 0, 4
    assert shop.inventory.SetInventory(count, metadata=shop.admin.metadata).total_available == 4


def test_a_count_that_says_nothing_is_the_truth_of_this_moment(shop: RunningShop) -> None:
    product, buyer = shop.product(stock=10), shop.customer()
    shop.add(buyer, product.id, 3)
    shop.checkout(buyer)
    count = inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=9)
    assert shop.inventory.SetInventory(count, metadata=shop.admin.metadata).total_available == 9
