"""Lists that are kept in memory: they cost nothing, and show what a list that is read anew shows."""

from __future__ import annotations

import itertools
import random
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, inventory_pb2
from sanset.v1 import product_pb2 as pb
from sqlalchemy import text
from support.running_shop import Account, RunningShop, test_settings

from server.catalog import list_pages, listings, sales
from server.clock import utc_now
from server.events.log import publish
from server.events.topics import ProductChanged

Request = pb.ListProductsRequest
SORTS = [Request.PRICE_ASC, Request.NAME, Request.POPULARITY]
SIZE = 50
"""More than any list of these tests holds."""
WRITES = 40
SECONDS = 45
"""For what comes by itself: less than the age at which any kept list is read again."""


class Shelves:
    """Products of a brand of their own on three tags and three categories, and the lists that show them."""

    def __init__(self, shop: RunningShop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)
        self.brand = f"Brand {uuid.uuid4().hex}"
        self.tags = [uuid.uuid4().hex for _ in range(3)]
        self.top, self.other = self._category(), self._category()
        self.low = self._category(self.top.id)
        self.products: list[pb.Product] = []
        self.deleted: list[int] = []
        self.buyer: Account = shop.customer()
        self._sizes = itertools.count(SIZE + 1)
        for _ in range(4):
            self.create()

    def _category(self, parent_id: int = 0) -> category_pb2.Category:
        sent = category_pb2.Category(name=f"Shelf {uuid.uuid4().hex}", parent_id=parent_id)
        request = category_pb2.CreateCategoryRequest(category=sent)
        return self.shop.catalog.CreateCategory(request, metadata=self.shop.admin.metadata)

    def lists(self) -> Iterator[dict[str, Any]]:
        filters: list[dict[str, Any]] = [
            {"brand": self.brand},
            {"tags": [self.tags[0]]},
            {"tags": self.tags[:2], "brand": self.brand},
            {"category": self.top.slug},
            {"category": self.other.slug, "in_stock": True},
            {"brand": self.brand, "in_stock": True},
            {"brand": self.brand, "in_stock": False},
            {"brand": self.brand, "min_price": "20", "max_price": "60"},
        ]
        for fields in filters:
            for sort in SORTS:
                yield fields | {"sort": sort}

    def read(self, shop: RunningShop, size: int, **fields: Any) -> list[pb.Product]:
        return list(shop.catalog.ListProducts(Request(page_size=size, **fields)).items)

    def kept(self, shop: RunningShop) -> list[list[pb.Product]]:
        return [self.read(shop, SIZE, **fields) for fields in self.lists()]

    def anew(self) -> list[list[pb.Product]]:
        # A page of a size that nobody asked for yet is in nobody's memory.
        return [self.read(self.shop, next(self._sizes), **fields) for fields in self.lists()]

    # ── What changes them

    def create(self) -> None:
        product = self.shop.product(
            units=self.draw.randint(1, 80),
            stock=self.draw.randint(0, 2),
            brand=self.brand if self.draw.random() < 0.8 else "",
            tags=[tag for tag in self.tags if self.draw.random() < 0.6],
            category_id=self.draw.choice([0, self.top.id, self.low.id, self.other.id]),
        )
        self.products.append(product)

    def change(self) -> None:
        fields: dict[str, Any] = self.draw.choice(
            [
                {"price": Money(units=self.draw.randint(1, 80))},
                {"name": f"{self.draw.choice('abc')} {uuid.uuid4().hex}"},
                {"brand": self.draw.choice([self.brand, self.brand.upper(), "Another"])},
                {"tags": self.draw.sample(self.tags, self.draw.randint(0, 3))},
                {"category_id": self.draw.choice([0, self.top.id, self.low.id, self.other.id])},
                {"description": uuid.uuid4().hex},
                {"max_quantity": self.draw.randint(1, 99)},
                {"discount": pb.Discount(basis_points=self.draw.randint(1, 9000))},
            ]
        )
        product = pb.Product(id=self.draw.choice(self.products).id, **fields)
        request = pb.UpdateProductRequest(product=product, update_mask=FieldMask(paths=list(fields)))
        self.shop.catalog.UpdateProduct(request, metadata=self.shop.admin.metadata)

    def delete(self) -> None:
        if len(self.products) > 2:
            product = self.products.pop(self.draw.randrange(len(self.products)))
            request = pb.DeleteProductRequest(product_id=product.id)
            self.shop.catalog.DeleteProduct(request, metadata=self.shop.admin.metadata)
            self.deleted.append(product.id)

    def undelete(self) -> None:
        if self.deleted:
            request = pb.UndeleteProductRequest(product_id=self.deleted.pop())
            self.products.append(
                self.shop.catalog.UndeleteProduct(request, metadata=self.shop.admin.metadata)
            )

    def count_stock(self) -> None:
        product = self.draw.choice(self.products)
        request = inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=self.draw.randint(0, 2))
        self.shop.inventory.SetInventory(request, metadata=self.shop.admin.metadata)

    def buy(self) -> None:
        product = self.draw.choice(self.products)
        now = self.shop.catalog.GetProduct(pb.GetProductRequest(product_id=product.id))
        if now.stock:
            self.shop.add(self.buyer, product.id)
            self.shop.checkout(self.buyer)

    def count_sales(self) -> None:
        with self.shop.app.db.transaction() as tx:
            sales.count_sales(tx)

    def move_category(self) -> None:
        parent = self.draw.choice([0, self.top.id, self.other.id])
        moved = category_pb2.Category(id=self.low.id, parent_id=parent)
        request = category_pb2.UpdateCategoryRequest(
            category=moved, update_mask=FieldMask(paths=["parent_id"])
        )
        self.shop.catalog.UpdateCategory(request, metadata=self.shop.admin.metadata)

    def rename_category(self) -> None:
        renamed = category_pb2.Category(id=self.top.id, name=f"Shelf {uuid.uuid4().hex}")
        request = category_pb2.UpdateCategoryRequest(category=renamed, update_mask=FieldMask(paths=["name"]))
        self.shop.catalog.UpdateCategory(request, metadata=self.shop.admin.metadata)

    def write(self) -> str:
        writes: list[Callable[[], None]] = [
            *(self.create, self.change, self.change, self.change, self.delete, self.undelete),
            *(self.count_stock, self.buy, self.buy, self.count_sales, self.move_category),
            self.rename_category,
        ]
        write = self.draw.choice(writes)
        write()
        return write.__name__


@pytest.mark.either
def test_after_any_write_a_kept_list_shows_what_a_list_that_is_read_anew_shows(shop: RunningShop) -> None:
    shelves = Shelves(shop, 1)
    shelves.kept(shop)
    for number in range(WRITES):
        name = shelves.write()
        assert shelves.kept(shop) == shelves.anew(), (number, name)


def test_what_one_worker_writes_every_worker_lists(database_url: str, tmp_path: Path) -> None:
    writer = RunningShop(test_settings(database_url, tmp_path))
    reader = RunningShop(test_settings(database_url, tmp_path))
    try:
        shelves = Shelves(writer, 3)
        for _ in range(15):
            shelves.kept(reader)
            name = shelves.write()
            truth, began = shelves.anew(), time.monotonic()
            while shelves.kept(reader) != truth:
                assert time.monotonic() - began < SECONDS, name
    finally:
        reader.stop()
        writer.stop()


def test_a_list_that_nothing_changed_costs_no_query(shop: RunningShop) -> None:
    tag, other = uuid.uuid4().hex, uuid.uuid4().hex
    products = [shop.product(tags=[tag], units=units, stock=5) for units in (1, 2)]
    elsewhere, buyer = shop.product(tags=[other], stock=9), shop.customer()
    request = Request(tags=[tag], sort=Request.PRICE_ASC, in_stock=True, min_price="0.5")
    first = shop.catalog.ListProducts(request)
    assert [product.id for product in first.items] == [product.id for product in products]
    # One of many that sell elsewhere, without the last, changes nothing here; nor does a list of its own.
    shop.add(buyer, elsewhere.id)
    shop.checkout(buyer)
    with shop.counted_queries() as statements:
        assert shop.catalog.ListProducts(request) == first
    assert not statements


def test_what_an_earlier_release_changes_without_naming_lists_is_seen(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    cheap, dear = shop.product(tags=[tag], units=1).id, shop.product(tags=[tag], units=2).id
    request = Request(tags=[tag], sort=Request.PRICE_ASC)
    assert [one.id for one in shop.catalog.ListProducts(request).items] == [cheap, dear]
    with shop.app.db.transaction() as tx:
        tx.execute(text("UPDATE products SET price_minor = 300 WHERE id = :id"), {"id": cheap})
        listings.relist(tx, [cheap], utc_now())
        publish(tx, ProductChanged(cheap))
    assert [one.id for one in shop.catalog.ListProducts(request).items] == [dear, cheap]


def test_a_sale_drops_no_list_but_shows_its_product_anew(shop: RunningShop) -> None:
    tag, buyer = uuid.uuid4().hex, shop.customer()
    product = shop.product(tags=[tag], stock=5)
    shop.catalog.ListProducts(Request(tags=[tag]))
    shop.add(buyer, product.id)
    shop.checkout(buyer)
    with shop.counted_queries() as statements:
        (listed,) = shop.catalog.ListProducts(Request(tags=[tag])).items
    assert listed.stock == 4
    assert len([one for one in statements if "FROM product_listings" in one]) <= 1


def test_a_page_is_the_last_once_what_followed_it_has_left_the_list(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    second, first = (shop.product(tags=[tag]).id for _ in range(2))
    request = Request(tags=[tag], page_size=1)
    page = shop.catalog.ListProducts(request)
    assert [one.id for one in page.items] == [first]
    assert page.next_page_token
    gone = pb.UpdateProductRequest(product=pb.Product(id=second), update_mask=FieldMask(paths=["tags"]))
    shop.catalog.UpdateProduct(gone, metadata=shop.admin.metadata)
    page = shop.catalog.ListProducts(request)
    assert [one.id for one in page.items] == [first]
    assert not page.next_page_token


def test_a_price_that_turns_by_the_clock_changes_a_kept_list_without_a_write(shop: RunningShop) -> None:
    tag, begins = uuid.uuid4().hex, utc_now() + timedelta(seconds=1)
    ten = shop.product(name="a", tags=[tag], units=10).id
    window = pb.Discount(basis_points=9000)
    window.start_time.FromDatetime(begins)
    sale = shop.product(name="b", tags=[tag], units=90, discount=window).id
    requests = [
        Request(tags=[tag], sort=Request.PRICE_ASC),
        Request(tags=[tag], max_price="20", sort=Request.NAME),
        Request(tags=[tag], max_price="20", sort=Request.PRICE_DESC),
    ]

    def seen() -> list[list[int]]:
        return [[one.id for one in shop.catalog.ListProducts(request).items] for request in requests]

    shown = seen()
    if utc_now() < begins:
        assert shown == [[ten, sale], [ten], [ten]]
    while seen() != [[sale, ten], [ten, sale], [ten, sale]]:
        assert utc_now() < begins + timedelta(seconds=SECONDS)
    assert utc_now() >= begins


def test_a_page_that_a_write_overtook_while_it_was_read_is_not_kept(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = uuid.uuid4().hex
    cheap, dear = shop.product(tags=[tag], units=1).id, shop.product(tags=[tag], units=2).id
    read, overtaken = list_pages.product_page, []

    def read_and_overtake(*arguments: Any, **others: Any) -> Any:
        rows = read(*arguments, **others)
        if not overtaken:
            overtaken.append(True)
            product = pb.Product(id=cheap, price=Money(units=3))
            shop.catalog.UpdateProduct(
                pb.UpdateProductRequest(product=product), metadata=shop.admin.metadata, timeout=30
            )
        return rows

    monkeypatch.setattr(list_pages, "product_page", read_and_overtake)
    request = Request(tags=[tag], sort=Request.PRICE_ASC)
    shop.catalog.ListProducts(request)
    assert overtaken
    assert [one.id for one in shop.catalog.ListProducts(request).items] == [dear, cheap]
