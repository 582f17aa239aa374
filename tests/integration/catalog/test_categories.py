"""Categories through the public interface: a tree that stays a tree."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, product_pb2
from sqlalchemy import text
from support.catalog_shop import listed_categories
from support.running_shop import RunningShop, refused

from server.catalog.category_tree import MAX_LEVELS

pytestmark = pytest.mark.either


def _unique(word: str = "Shelf") -> str:
    return f"{word} {uuid.uuid4().hex[:8]}"


def _creation(name: str, **fields: Any) -> category_pb2.CreateCategoryRequest:
    return category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=name, **fields))


def _create(shop: RunningShop, name: str = "", **fields: Any) -> category_pb2.Category:
    return shop.catalog.CreateCategory(_creation(name or _unique(), **fields), metadata=shop.admin.metadata)


def _change(category_id: int, *paths: str, **fields: Any) -> category_pb2.UpdateCategoryRequest:
    return category_pb2.UpdateCategoryRequest(
        category=category_pb2.Category(id=category_id, **fields), update_mask=FieldMask(paths=paths)
    )


def _update(shop: RunningShop, category_id: int, *paths: str, **fields: Any) -> category_pb2.Category:
    return shop.catalog.UpdateCategory(_change(category_id, *paths, **fields), metadata=shop.admin.metadata)


def _delete(shop: RunningShop, category_id: int) -> None:
    request = category_pb2.DeleteCategoryRequest(category_id=category_id)
    shop.catalog.DeleteCategory(request, metadata=shop.admin.metadata)


def _get(shop: RunningShop, category_id: int) -> category_pb2.Category:
    return shop.catalog.GetCategory(category_pb2.GetCategoryRequest(category_id=category_id))


def test_categories_are_shown_as_a_tree_by_name(shop: RunningShop) -> None:
    top = _create(shop, description="All of it")
    names = ["Zwieback", "apples", "Bread"]
    for name in names:
        _create(shop, name, parent_id=top.id, slug=f"s-{uuid.uuid4().hex[:8]}")
    shown = _get(shop, top.id)
    assert [child.name for child in shown.children] == ["apples", "Bread", "Zwieback"]
    assert all(child.parent_id == top.id for child in shown.children)
    assert (shown.parent_id, shown.description) == (0, "All of it")
    assert shop.catalog.GetCategory(category_pb2.GetCategoryRequest(slug=top.slug)) == shown
    shown.ClearField("description")
    listed = listed_categories(shop)
    assert shown in listed
    assert all(category.parent_id == 0 for category in listed)
    reply = shop.catalog.ListCategories(category_pb2.ListCategoriesRequest())
    assert reply.total_size == shop.sql("SELECT count(*) FROM categories")[0][0]


@pytest.mark.both
def test_reading_the_tree_takes_no_query_once_it_is_in_memory(shop: RunningShop) -> None:
    category = _create(shop)
    _get(shop, category.id)
    with shop.counted_queries() as queries:
        _get(shop, category.id)
        shop.catalog.ListCategories(category_pb2.ListCategoriesRequest())
    assert queries == []


@pytest.mark.parametrize("key", [{"category_id": 2**53}, {"slug": "there-is-none"}])
def test_what_does_not_exist_is_not_found(shop: RunningShop, key: dict[str, Any]) -> None:
    said = refused(shop.catalog.GetCategory, category_pb2.GetCategoryRequest(**key))
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CATEGORY_NOT_FOUND")
    for method, request in (
        (shop.catalog.UpdateCategory, _change(2**53, name="x")),
        (shop.catalog.DeleteCategory, category_pb2.DeleteCategoryRequest(category_id=2**53)),
        (shop.catalog.CreateCategory, _creation("x", parent_id=2**53)),
        (shop.catalog.UpdateCategory, _change(_create(shop).id, parent_id=2**53)),
    ):
        assert refused(method, request, shop.admin).reason == "CATEGORY_NOT_FOUND"


def test_a_slug_is_made_from_the_name_and_its_parent_when_need_be(shop: RunningShop) -> None:
    men, women = _create(shop, _unique("Men")), _create(shop, _unique("Women"))
    name = _unique("Accessories")
    slug = name.lower().replace(" ", "-")
    assert _create(shop, name, parent_id=men.id).slug == slug
    assert _create(shop, name, parent_id=women.id).slug == f"{women.slug}-{slug}"
    at_the_top = _create(shop, name).slug
    assert at_the_top.startswith(f"{slug}-")


def test_a_taken_slug_or_a_siblings_name_is_refused(shop: RunningShop) -> None:
    top = _create(shop)
    one, two = _create(shop, parent_id=top.id), _create(shop, parent_id=top.id)
    for method, request in (
        (shop.catalog.CreateCategory, _creation(_unique(), slug=one.slug)),
        (shop.catalog.CreateCategory, _creation(one.name.upper(), parent_id=top.id, slug=uuid.uuid4().hex)),
        (shop.catalog.UpdateCategory, _change(two.id, slug=one.slug)),
        (shop.catalog.UpdateCategory, _change(two.id, name=one.name.lower())),
    ):
        said = refused(method, request, shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.ALREADY_EXISTS, "CATEGORY_TAKEN")
    assert _update(shop, two.id, name=two.name.upper(), slug=two.slug).name == two.name.upper()


@pytest.mark.both
def test_of_two_equal_categories_at_once_one_is_made(shop: RunningShop) -> None:
    request = _creation(_unique())

    def create(_: int) -> str:
        try:
            return shop.catalog.CreateCategory(request, metadata=shop.admin.metadata).slug
        except grpc.RpcError as error:
            return error.code().name  # type: ignore[attr-defined]

    with ThreadPoolExecutor(6) as clients:
        said = list(clients.map(create, range(6)))
    assert said.count("ALREADY_EXISTS") == 5


def test_a_change_takes_what_the_mask_names(shop: RunningShop) -> None:
    top, category = _create(shop), _create(shop, description="old")
    moved = _update(shop, category.id, parent_id=top.id)
    assert (moved.parent_id, moved.name, moved.description) == (top.id, category.name, "old")
    cleared = _update(shop, category.id, "description", "parent_id")
    assert (cleared.parent_id, cleared.description) == (0, "")
    renamed = _update(shop, category.id, "name", "slug", name=_unique("New"))
    assert renamed.slug == renamed.name.lower().replace(" ", "-")
    for path in ("id", "children", "nonsense"):
        assert refused(shop.catalog.UpdateCategory, _change(category.id, path), shop.admin).reason == (
            "INVALID_UPDATE_MASK"
        )
    blank = _change(category.id, "name", name="  ")
    assert refused(shop.catalog.UpdateCategory, blank, shop.admin).reason == "INVALID_FIELD"


def test_a_new_name_shows_on_the_products(shop: RunningShop) -> None:
    category = _create(shop)
    product = shop.product(category=category.name)
    assert product.category == category.name
    shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id))
    renamed = _update(shop, category.id, name=_unique("New"))
    assert (
        shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id)).category == renamed.name
    )


def test_a_category_cannot_be_moved_below_itself(shop: RunningShop) -> None:
    top = _create(shop)
    middle = _create(shop, parent_id=top.id)
    low = _create(shop, parent_id=middle.id)
    for target in (top, middle, low):
        said = refused(shop.catalog.UpdateCategory, _change(top.id, parent_id=target.id), shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CATEGORY_CYCLE")
    assert _get(shop, top.id).children[0].children[0].id == low.id


@pytest.mark.both
def test_two_moves_at_once_close_no_cycle(shop: RunningShop) -> None:
    for _ in range(5):
        one, two = _create(shop), _create(shop)
        start = threading.Barrier(2)

        def move(child: int, parent: int, start: threading.Barrier = start) -> str:
            start.wait()
            try:
                _update(shop, child, parent_id=parent)
            except grpc.RpcError as error:
                return error.code().name  # type: ignore[attr-defined]
            return "OK"

        with ThreadPoolExecutor(2) as clients:
            said = [clients.submit(move, one.id, two.id), clients.submit(move, two.id, one.id)]
        assert sorted(each.result() for each in said) == ["FAILED_PRECONDITION", "OK"]
        assert {_get(shop, one.id).parent_id, _get(shop, two.id).parent_id} & {0}


def test_a_tree_has_a_deepest_level(shop: RunningShop) -> None:
    chain = [_create(shop)]
    while len(chain) < MAX_LEVELS:
        chain.append(_create(shop, parent_id=chain[-1].id))
    said = refused(shop.catalog.CreateCategory, _creation(_unique(), parent_id=chain[-1].id), shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY")
    other = _create(shop)
    assert (
        refused(shop.catalog.UpdateCategory, _change(chain[0].id, parent_id=other.id), shop.admin).reason
        == "TOO_MANY"
    )
    assert _get(shop, chain[0].id).children[0].id == chain[1].id


def test_a_category_in_use_stays(shop: RunningShop) -> None:
    top = _create(shop)
    low = _create(shop, parent_id=top.id)
    product = shop.product(category=low.slug)
    for category in (top, low):
        request = category_pb2.DeleteCategoryRequest(category_id=category.id)
        said = refused(shop.catalog.DeleteCategory, request, shop.admin)
        assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CATEGORY_IN_USE")
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=shop.admin.metadata
    )
    _delete(shop, low.id)
    _delete(shop, top.id)
    for category in (top, low):
        request = category_pb2.GetCategoryRequest(category_id=category.id)
        assert refused(shop.catalog.GetCategory, request).code == grpc.StatusCode.NOT_FOUND


@pytest.fixture
def meanwhile(postgres_shop: RunningShop) -> Any:
    """Runs a call while a transaction that did something is still open; SQLite has no two writers at once."""

    def run(statement: str, call: Callable[[], Any], **values: Any) -> Future[Any]:
        with ThreadPoolExecutor(1) as client, postgres_shop.app.db.engine.begin() as tx:
            tx.execute(text(statement), values)
            waiting = client.submit(call)
            locked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while not waiting.done() and not tx.execute(text(locked)).scalar_one():
                pass
            tx.commit()
        return waiting

    return run


def test_a_category_deleted_meanwhile_takes_no_new_product_or_child(
    postgres_shop: RunningShop, meanwhile: Any
) -> None:
    shop = postgres_shop
    product = product_pb2.Product(name=_unique("Mug"), price=Money(units=1))
    for into in ("product", "child"):
        category = _create(shop)
        product.category = category.slug

        def call(into: str = into, category: category_pb2.Category = category) -> Any:
            if into == "product":
                return refused(
                    shop.catalog.CreateProduct, product_pb2.CreateProductRequest(product=product), shop.admin
                )
            return refused(
                shop.catalog.CreateCategory, _creation(_unique(), parent_id=category.id), shop.admin
            )

        said = meanwhile("DELETE FROM categories WHERE id = :id", call, id=category.id).result()
        assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CATEGORY_NOT_FOUND")


def test_a_category_that_gets_a_child_meanwhile_is_in_use(postgres_shop: RunningShop, meanwhile: Any) -> None:
    shop = postgres_shop
    category = _create(shop)
    said = meanwhile(
        "INSERT INTO categories (parent_id, name, slug, description) VALUES (:id, 'x', :slug, '')",
        lambda: refused(
            shop.catalog.DeleteCategory,
            category_pb2.DeleteCategoryRequest(category_id=category.id),
            shop.admin,
        ),
        id=category.id,
        slug=uuid.uuid4().hex,
    ).result()
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CATEGORY_IN_USE")
