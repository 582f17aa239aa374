"""The list of changes, by which other systems follow the catalogue: none is missed, deletions are told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from sanset.v1 import product_pb2 as pb
from sqlalchemy import insert
from support.page_by_page import page_by_page
from support.query_plans import Explained, nodes
from support.running_shop import Account, RunningShop, refused

from server.catalog.change_queries import ChangeFilter, changed_page
from server.catalog.models import Product
from server.db.database import Database
from server.user.models import User

pytestmark = pytest.mark.either

Request = pb.ListProductsRequest
CODE = grpc.StatusCode
COUNT, LIMIT = 3_000, 21
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def read(shop: RunningShop, reader: Account | None = None, **fields: Any) -> list[pb.Product]:
    """The products of a list, read in pages of two."""
    metadata = reader.metadata if reader else ()

    def page(token: str) -> pb.ListProductsResponse:
        return shop.catalog.ListProducts(Request(page_size=2, page_token=token, **fields), metadata=metadata)

    return [product for one in page_by_page(page) for product in one.items]


def listed(shop: RunningShop, reader: Account | None = None, **fields: Any) -> list[int]:
    """The ids of a list."""
    return [product.id for product in read(shop, reader, **fields)]


def rename(shop: RunningShop, product: pb.Product) -> pb.Product:
    """Change a product."""
    changed = pb.Product(id=product.id, name=f"Cup {uuid.uuid4().hex}")
    return shop.catalog.UpdateProduct(pb.UpdateProductRequest(product=changed), metadata=shop.admin.metadata)


def delete(shop: RunningShop, product: pb.Product) -> None:
    """Delete a product."""
    shop.catalog.DeleteProduct(pb.DeleteProductRequest(product_id=product.id), metadata=shop.admin.metadata)


def later(moment: Timestamp) -> Timestamp:
    """A microsecond later."""
    return Timestamp(seconds=moment.seconds, nanos=moment.nanos + 1000)


def test_products_are_listed_by_their_ids(shop: RunningShop) -> None:
    first, second, other = (shop.product() for _ in range(3))
    wanted = [second.id, first.id, 2**53, first.id]
    assert listed(shop, product_ids=wanted) == [first.id, second.id]
    assert read(shop, product_ids=[other.id], view=pb.Product.FULL) == [other]
    assert listed(shop, product_ids=wanted, vendor_id=1) == []


def test_what_changed_is_listed_in_the_order_of_its_changes(shop: RunningShop) -> None:
    vendor = shop.vendor()
    first, second, third = (_of_vendor(shop, vendor) for _ in range(3))
    changed = rename(shop, first)
    own = {"vendor_id": vendor.user_id}
    assert listed(shop, sort=Request.UPDATED, **own) == [second.id, third.id, first.id]
    assert listed(shop, updated_since=third.update_time, **own) == [third.id, first.id]
    assert listed(shop, updated_since=later(third.update_time))[0] == first.id
    assert read(shop, updated_since=changed.update_time, view=pb.Product.FULL, **own) == [changed]
    assert listed(shop, updated_since=later(changed.update_time), **own) == []


def test_staff_see_what_was_deleted_and_vendors_their_own(shop: RunningShop) -> None:
    vendor, rival = (shop.vendor() for _ in range(2))
    kept, theirs = (_of_vendor(shop, vendor) for _ in range(2))
    of_shop = shop.product()
    for product in (theirs, of_shop):
        delete(shop, product)
    ids = [kept.id, theirs.id, of_shop.id]
    assert listed(shop, product_ids=ids) == [kept.id]
    assert listed(shop, shop.admin, product_ids=ids, show_deleted=True) == ids
    assert listed(shop, vendor, product_ids=ids, show_deleted=True) == [kept.id, theirs.id]
    assert listed(shop, rival, product_ids=ids, show_deleted=True) == [kept.id]
    of_vendor = read(shop, shop.admin, vendor_id=vendor.user_id, show_deleted=True)
    assert [(one.id, one.HasField("delete_time")) for one in of_vendor] == [
        (kept.id, False),
        (theirs.id, True),
    ]
    assert of_vendor[1].delete_time == of_vendor[1].update_time
    since = later(of_shop.update_time)
    assert of_shop.id in listed(shop, shop.admin, updated_since=since, show_deleted=True)
    restored = shop.catalog.UndeleteProduct(
        pb.UndeleteProductRequest(product_id=theirs.id), metadata=vendor.metadata
    )
    assert not restored.HasField("delete_time")
    assert listed(shop, updated_since=restored.update_time)[0] == theirs.id


def _of_vendor(shop: RunningShop, vendor: Account) -> pb.Product:
    product = pb.Product(name=f"Mug {uuid.uuid4().hex}", price=Money(units=5))
    return shop.catalog.CreateProduct(pb.CreateProductRequest(product=product), metadata=vendor.metadata)


def test_what_was_deleted_is_shown_to_staff_alone(shop: RunningShop) -> None:
    request = Request(show_deleted=True)
    assert refused(shop.catalog.ListProducts, request).code == CODE.UNAUTHENTICATED
    answer = refused(shop.catalog.ListProducts, request, shop.customer(address=False))
    assert (answer.code, answer.reason) == (CODE.PERMISSION_DENIED, "PERMISSION_MISSING")


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"updated_since": Timestamp(seconds=1), "sort": Request.NEWEST}, "sort"),
        ({"product_ids": [1], "sort": Request.NAME}, "sort"),
        ({"show_deleted": True, "sort": Request.PRICE_ASC}, "sort"),
        ({"show_deleted": True, "brand": "Acme"}, "brand"),
        ({"show_deleted": True, "tags": ["red"]}, "tags"),
        ({"show_deleted": True, "in_stock": False}, "in_stock"),
        ({"show_deleted": True, "min_price": "1"}, "min_price"),
        ({"updated_since": Timestamp(seconds=1), "category": "tea"}, "category"),
        ({"sort": Request.UPDATED, "max_price": "1"}, "max_price"),
        ({"tags": ["red,blue"]}, "tags[0]"),
    ],
)
def test_what_does_not_go_together_is_refused(
    shop: RunningShop, fields: dict[str, Any], at_fault: str
) -> None:
    answer = refused(shop.catalog.ListProducts, Request(**fields), shop.admin)
    assert (answer.code, answer.fields) == (CODE.INVALID_ARGUMENT, [at_fault])


def test_a_tag_with_a_comma_is_refused_where_it_is_given(shop: RunningShop) -> None:
    product = pb.Product(name="Mug", price=Money(units=5), tags=["red", "a,b"])
    answer = refused(shop.catalog.CreateProduct, pb.CreateProductRequest(product=product), shop.admin)
    assert (answer.code, answer.fields) == (CODE.INVALID_ARGUMENT, ["product.tags[1]"])
    assert "each is sent by itself" in answer.message


def test_what_changes_during_a_walk_comes_again_and_nothing_is_missed(shop: RunningShop) -> None:
    vendor = shop.vendor()
    made = [_of_vendor(shop, vendor) for _ in range(5)]
    seen: list[pb.Product] = []

    def page(token: str) -> pb.ListProductsResponse:
        return shop.catalog.ListProducts(
            Request(page_size=2, page_token=token, vendor_id=vendor.user_id, sort=Request.UPDATED)
        )

    for number, reply in enumerate(page_by_page(page)):
        seen += reply.items
        if number == 0:
            again = [rename(shop, made[0]), rename(shop, made[4])]
    assert [one.id for one in seen] == [*(one.id for one in made[:4]), made[0].id, made[4].id]
    assert [one.name for one in seen[-2:]] == [one.name for one in again]


def test_a_token_goes_on_in_its_own_list_alone(shop: RunningShop) -> None:
    ids = [shop.product().id for _ in range(3)]
    token = shop.catalog.ListProducts(Request(page_size=1, product_ids=ids)).next_page_token
    for fields in (
        {"product_ids": ids[:2]},
        {"sort": Request.UPDATED},
        {"product_ids": ids, "vendor_id": 1},
        {},
    ):
        answer = refused(shop.catalog.ListProducts, Request(page_token=token, **fields))  # type: ignore[arg-type]
        assert answer.reason == "INVALID_PAGE_TOKEN"


@pytest.mark.both
def test_a_list_of_changes_takes_two_queries_whatever_its_size(shop: RunningShop) -> None:
    ids = [shop.product().id for _ in range(6)]
    for size in (1, 6):
        with shop.counted_queries() as queries:
            shop.catalog.ListProducts(Request(page_size=size, product_ids=ids))
        assert len(queries) == 2, queries


# ── Plans


@pytest.fixture(scope="module")
def many_products(module_database_url: str) -> Iterator[Database]:
    """A database with a few thousand products."""
    db = Database(module_database_url, pool_size=1)
    with db.transaction() as tx:
        tx.execute(insert(User).values(_vendor()))
        tx.execute(insert(Product), [_product(number) for number in range(COUNT)])
    with db.read() as connection:
        connection.exec_driver_sql("ANALYZE")
    yield db
    db.close()


def _vendor() -> dict[str, object]:
    facts = dict.fromkeys(("email", "email_key"), "vendor@example.com")
    return {"id": 1, "full_name": "Ann", "role": "VENDOR", "created_at": NOW, "updated_at": NOW, **facts}


def _product(number: int) -> dict[str, object]:
    created = NOW + timedelta(minutes=number)
    return {
        "sku": f"s{number}",
        "slug": f"s{number}",
        "name": "n",
        "price_minor": 1,
        "currency": "USD",
        "created_at": created,
        "updated_at": created + timedelta(days=number % 7),
        "deleted_at": created if number % 10 == 0 else None,
        "vendor_id": 1 if number % 100 == 1 else None,
    }


CHANGES = {
    "all": ChangeFilter(),
    "since": ChangeFilter(updated_since=NOW + timedelta(days=1)),
    "deleted too": ChangeFilter(deleted=True, owner_id=1),
    "by id": ChangeFilter(product_ids=tuple(range(1, 20))),
    "of a vendor": ChangeFilter(vendor_id=1),
}


@pytest.mark.both
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("resumed", [False, True], ids=["first page", "a later page"])
def test_a_page_is_a_short_walk_along_an_index(
    many_products: Database, changes: ChangeFilter, resumed: bool
) -> None:
    with many_products.read() as connection, Explained(connection) as plans:
        after = [NOW + timedelta(days=1), 7] if resumed else None
        changed_page(connection, changes, after, LIMIT)
    plan = plans[0]
    if isinstance(plan, list):
        steps = [step for _, _, step in plan]
        assert "SCAN products" not in steps, steps
        assert changes.product_ids or not [step for step in steps if "ORDER BY" in step], steps
        return
    for scan in nodes(plan, "Scan"):
        assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= 2 * LIMIT, plan
