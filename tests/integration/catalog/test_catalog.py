"""Products through the public interface, on both databases: reading, creating, changing and deleting them."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, inventory_pb2, product_pb2
from support.running_shop import Account, RunningShop, refused, test_settings

pytestmark = pytest.mark.either

INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOBODY = 2**53
CENTS = 10_000_000


def _name() -> str:
    return f"Mug {uuid.uuid4().hex[:8]}"


def _get(shop: RunningShop, product_id: int) -> product_pb2.Product:
    return shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product_id))


def _new(name: str, **fields: Any) -> product_pb2.CreateProductRequest:
    request_id = fields.pop("request_id", "")
    product = product_pb2.Product(**({"name": name, "price": Money(units=5)} | fields))
    return product_pb2.CreateProductRequest(product=product, request_id=request_id)


def _create(
    shop: RunningShop, request: product_pb2.CreateProductRequest, account: Account | None = None
) -> product_pb2.Product:
    return shop.catalog.CreateProduct(request, metadata=(account or shop.admin).metadata)


def _change(product: product_pb2.Product, *paths: str) -> product_pb2.UpdateProductRequest:
    return product_pb2.UpdateProductRequest(product=product, update_mask=FieldMask(paths=paths))


def _update(
    shop: RunningShop, product: product_pb2.Product, *paths: str, account: Account | None = None
) -> product_pb2.Product:
    return shop.catalog.UpdateProduct(_change(product, *paths), metadata=(account or shop.admin).metadata)


# ── Reading


def test_a_product_is_found_by_id_and_by_slug(shop: RunningShop) -> None:
    made = shop.product(units=12, nanos=990_000_000, stock=7, brand="Acme", tags=["red", "blue"])
    assert _get(shop, made.id) == made
    assert shop.catalog.GetProduct(product_pb2.GetProductRequest(slug=made.slug)) == made
    assert (made.stock, made.stock_status, made.max_quantity) == (7, product_pb2.Product.LOW_STOCK, 99)
    assert (made.price.units, made.price.nanos, made.price.currency_code) == (12, 990_000_000, "USD")
    assert list(made.tags) == ["red", "blue"]
    assert made.default_variant_id > 0
    assert made.create_time == made.update_time


@pytest.mark.parametrize("key", [{"product_id": NOBODY}, {"slug": "there-is-none"}, {"slug": "None"}])
def test_what_does_not_exist_is_not_found(shop: RunningShop, key: dict[str, Any]) -> None:
    said = refused(shop.catalog.GetProduct, product_pb2.GetProductRequest(**key))
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "PRODUCT_NOT_FOUND")
    assert said.facts == {name: str(value) for name, value in key.items()}


def test_a_batch_keeps_the_order_asked_and_names_what_is_missing(shop: RunningShop) -> None:
    one, two, gone = (shop.product().id for _ in range(3))
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=gone), metadata=shop.admin.metadata
    )
    request = product_pb2.BatchGetProductsRequest(product_ids=[two, NOBODY, one, gone, two])
    reply = shop.catalog.BatchGetProducts(request)
    assert [product.id for product in reply.items] == [two, one]
    assert list(reply.missing_ids) == [NOBODY, gone]


@pytest.mark.parametrize("ids", [[], [0], [-1], list(range(1, 102))])
def test_a_batch_is_bounded(shop: RunningShop, ids: list[int]) -> None:
    said = refused(shop.catalog.BatchGetProducts, product_pb2.BatchGetProductsRequest(product_ids=ids))
    assert (said.code, said.reason) == (INVALID, "INVALID_FIELD")


@pytest.mark.both
def test_a_product_in_memory_takes_no_query(shop: RunningShop) -> None:
    product = shop.product()
    others = [shop.product().id for _ in range(30)]
    _get(shop, product.id)
    with shop.counted_queries() as queries:
        assert _get(shop, product.id) == product
    assert queries == []
    with shop.counted_queries() as queries:
        shop.catalog.BatchGetProducts(product_pb2.BatchGetProductsRequest(product_ids=others))
    assert len(queries) == 1, "thirty products that nobody read yet come in one query"


# ── Creating


def test_a_slug_is_made_from_the_name_and_made_unique(shop: RunningShop) -> None:
    name = f"Crème {uuid.uuid4().hex[:8]}"
    slugs = [_create(shop, _new(name)).slug for _ in range(3)]
    base = name.lower().replace("è", "e").replace(" ", "-")
    assert slugs[0] == base
    assert all(slug.startswith(f"{base}-") for slug in slugs[1:])
    assert len(set(slugs)) == 3


@pytest.mark.both
def test_two_products_of_one_name_at_once_both_get_a_slug(shop: RunningShop) -> None:
    name = _name()
    with ThreadPoolExecutor(8) as clients:
        made = list(clients.map(lambda _: _create(shop, _new(name)), range(8)))
    assert len({product.slug for product in made}) == 8


def test_what_is_left_out_is_filled_in(shop: RunningShop) -> None:
    product = _create(shop, _new(_name()))
    assert product.sku.startswith("SKU-")
    assert (product.stock, product.stock_status, product.max_quantity) == (
        0,
        product_pb2.Product.OUT_OF_STOCK,
        99,
    )
    assert (product.category, product.category_id, product.vendor_id) == ("", 0, 0)
    assert not product.HasField("compare_at_price")
    assert product.etag


def test_everything_that_is_sent_is_kept(shop: RunningShop) -> None:
    attributes = Struct()
    attributes.update({"material": "oak", "legs": 4, "parts": [{"name": "seat"}, None, True]})
    sent = product_pb2.Product(
        sku=f"S-{uuid.uuid4().hex[:8]}", name=_name(), slug=f"s-{uuid.uuid4().hex[:8]}",
        description="Zeile 1\nZeile 2 🛒", brand="Ácme", price=Money(currency_code="usd", units=3, nanos=CENTS),
        compare_at_price=Money(units=4), stock=12, max_quantity=5, attributes=attributes,
        tags=["b", "a"], seo_title="title", seo_description="description",
    )  # fmt: skip
    made = _create(shop, product_pb2.CreateProductRequest(product=sent))
    assert made == _get(shop, made.id)
    for field in (
        "sku",
        "name",
        "slug",
        "description",
        "brand",
        "stock",
        "max_quantity",
        "attributes",
        "tags",
    ):
        assert getattr(made, field) == getattr(sent, field), field
    assert (made.seo_title, made.seo_description) == ("title", "description")
    assert made.compare_at_price == Money(currency_code="USD", units=4)
    assert made.stock_status == product_pb2.Product.IN_STOCK


def test_a_sku_and_a_slug_are_taken_while_their_product_is_there(shop: RunningShop) -> None:
    first = shop.product(sku=f"S-{uuid.uuid4().hex[:8]}")
    said = refused(shop.catalog.CreateProduct, _new(_name(), sku=first.sku), shop.admin)
    assert (said.code, said.reason, said.facts) == (
        grpc.StatusCode.ALREADY_EXISTS, "SKU_TAKEN", {"sku": first.sku},
    )  # fmt: skip
    said = refused(shop.catalog.CreateProduct, _new(_name(), slug=first.slug), shop.admin)
    assert (said.code, said.reason, said.facts) == (
        grpc.StatusCode.ALREADY_EXISTS, "SLUG_TAKEN", {"slug": first.slug},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "   "}, "INVALID_FIELD"),
        ({"name": "x" * 201}, "INVALID_FIELD"),
        ({"slug": "2024"}, "INVALID_FIELD"),
        ({"slug": "2-0"}, "INVALID_FIELD"),
        ({"slug": "Not-A-Slug"}, "INVALID_FIELD"),
        ({"sku": "with space"}, "INVALID_FIELD"),
        ({"price": Money()}, "INVALID_MONEY"),
        ({"price": Money(units=-1)}, "INVALID_MONEY"),
        ({"price": Money(units=10**9)}, "INVALID_MONEY"),
        ({"price": Money(nanos=1)}, "INVALID_MONEY"),
        ({"price": Money(currency_code="EUR", units=1)}, "INVALID_MONEY"),
        ({"compare_at_price": Money(units=4)}, "INVALID_MONEY"),
        ({"compare_at_price": Money(nanos=-1)}, "INVALID_MONEY"),
        ({"stock": -1}, "INVALID_FIELD"),
        ({"stock": 2**31 - 1}, "INVALID_FIELD"),
        ({"max_quantity": 2**31 - 1}, "INVALID_FIELD"),
        ({"tags": ["a", "a"]}, "INVALID_FIELD"),
        ({"tags": [""]}, "INVALID_FIELD"),
        ({"attributes": {"text": "x" * 17_000}}, "INVALID_FIELD"),
        ({"request_id": "one"}, "INVALID_FIELD"),
    ],
)
def test_a_product_that_cannot_be_is_refused(shop: RunningShop, fields: dict[str, Any], reason: str) -> None:
    request = _new(**({"name": _name()} | fields))
    said = refused(shop.catalog.CreateProduct, request, shop.admin)
    assert (said.code, said.reason) == (INVALID, reason)


@pytest.mark.either
@pytest.mark.parametrize(
    "product",
    [product_pb2.Product(), product_pb2.Product(name="Mug"), product_pb2.Product(price=Money(units=1)), None],
)
def test_name_and_price_are_required(shop: RunningShop, product: product_pb2.Product | None) -> None:
    said = refused(shop.catalog.CreateProduct, product_pb2.CreateProductRequest(product=product), shop.admin)
    assert (said.code, said.reason) == (INVALID, "INVALID_FIELD")


def test_an_unknown_category_is_not_found(shop: RunningShop) -> None:
    said = refused(shop.catalog.CreateProduct, _new(_name(), category="nowhere"), shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CATEGORY_NOT_FOUND")


def test_a_repeat_with_the_same_request_id_creates_nothing(shop: RunningShop) -> None:
    request_id, name = str(uuid.uuid4()), _name()
    first = _create(shop, _new(name, request_id=request_id))
    again = _create(shop, _new(name, request_id=request_id.upper()))
    assert again == first
    said = refused(shop.catalog.CreateProduct, _new(_name(), request_id=request_id), shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "IDEMPOTENCY_MISMATCH")
    assert shop.sql("SELECT count(*) FROM products WHERE name = :name", name=name)[0][0] == 1


# ── Changing


def test_without_a_mask_the_filled_fields_change_and_no_other(shop: RunningShop) -> None:
    before = shop.product(units=5, brand="Acme", tags=["a"], stock=3)
    after = _update(shop, product_pb2.Product(id=before.id, name=_name(), stock=50))
    assert after.name != before.name
    assert (after.brand, list(after.tags), after.price, after.slug) == (
        "Acme",
        ["a"],
        before.price,
        before.slug,
    )
    assert after.stock == 3, "stock has RPCs of its own"
    assert after.etag != before.etag
    assert after.update_time.ToNanoseconds() > before.update_time.ToNanoseconds()
    assert after.create_time == before.create_time
    assert _get(shop, before.id) == after


def test_a_mask_may_empty_a_field(shop: RunningShop) -> None:
    before = shop.product(brand="Acme", tags=["a"], description="long", compare_at_price=Money(units=20))
    paths = ("brand", "tags", "compare_at_price", "max_quantity")
    after = _update(shop, product_pb2.Product(id=before.id, name="ignored"), *paths)
    assert (after.brand, list(after.tags), after.description) == ("", [], "long")
    assert after.name == before.name
    assert not after.HasField("compare_at_price")
    assert after.max_quantity == 99


def test_a_star_replaces_everything(shop: RunningShop) -> None:
    before = shop.product(brand="Acme", tags=["a"], description="long")
    sent = product_pb2.Product(
        id=before.id, sku=before.sku, slug=before.slug, name=_name(), price=Money(units=1)
    )
    after = _update(shop, sent, "*")
    assert (after.name, after.brand, after.description, list(after.tags)) == (sent.name, "", "", [])
    assert after.stock == before.stock


def test_what_was_read_can_be_sent_back(shop: RunningShop) -> None:
    category = shop.catalog.CreateCategory(
        category_pb2.CreateCategoryRequest(
            category=category_pb2.Category(name=f"Shelf {uuid.uuid4().hex[:8]}")
        ),
        metadata=shop.admin.metadata,
    )
    product = shop.product(category=category.slug, brand="Acme", tags=["x"], compare_at_price=Money(units=11))
    sent = product_pb2.Product()
    sent.CopyFrom(product)
    sent.description = "new"
    after = _update(shop, sent)
    assert (after.description, after.category, after.category_id) == ("new", category.name, category.id)


@pytest.mark.parametrize(
    "path", ["stock", "id", "etag", "vendor_id", "rating", "price.units", "nonsense", ""]
)
def test_a_mask_with_another_path_is_refused(shop: RunningShop, path: str) -> None:
    product = shop.product()
    said = refused(
        shop.catalog.UpdateProduct,
        _change(product_pb2.Product(id=product.id, name="x"), "name", path),
        shop.admin,
    )
    assert (said.code, said.reason, said.facts["path"]) == (INVALID, "INVALID_UPDATE_MASK", path)
    assert _get(shop, product.id) == product


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("name", "  ", "INVALID_FIELD"),
        ("slug", "", "INVALID_FIELD"),
        ("slug", "2024", "INVALID_FIELD"),
        ("sku", "", "INVALID_FIELD"),
        ("price", Money(), "INVALID_MONEY"),
        ("compare_at_price", Money(units=9), "INVALID_MONEY"),
    ],
)
def test_a_change_to_what_cannot_be_is_refused(shop: RunningShop, path: str, value: Any, reason: str) -> None:
    product = shop.product(units=10)
    said = refused(
        shop.catalog.UpdateProduct,
        _change(product_pb2.Product(id=product.id, **{path: value}), path),
        shop.admin,
    )
    assert (said.code, said.reason) == (INVALID, reason)
    assert _get(shop, product.id) == product


def test_a_price_is_in_the_currency_of_its_product(shop: RunningShop) -> None:
    product = shop.product(units=10)
    shop.sql("UPDATE products SET currency = 'KWD', price_minor = 10500 WHERE id = :id", id=product.id)
    request = _change(product_pb2.Product(id=product.id, price=Money(currency_code="USD", units=1)), "price")
    said = refused(shop.catalog.UpdateProduct, request, shop.admin)
    assert (said.reason, said.message) == ("INVALID_MONEY", "product.price: must be in KWD.")
    as_read = Money(currency_code="KWD", units=10, nanos=500_000_000)
    assert _update(shop, product_pb2.Product(id=product.id, price=as_read), "price").price == as_read
    finer = Money(units=10, nanos=505_000_000)
    changed = _update(shop, product_pb2.Product(id=product.id, price=finer), "price").price
    assert changed == Money(currency_code="KWD", units=10, nanos=505_000_000)


def test_a_price_cannot_rise_above_the_one_it_is_compared_with(shop: RunningShop) -> None:
    product = shop.product(units=10, compare_at_price=Money(units=12))
    said = refused(
        shop.catalog.UpdateProduct,
        _change(product_pb2.Product(id=product.id, price=Money(units=13))),
        shop.admin,
    )
    assert said.reason == "INVALID_MONEY"


def test_a_taken_sku_or_slug_is_refused_and_ones_own_is_not(shop: RunningShop) -> None:
    one, two = shop.product(), shop.product()
    said = refused(
        shop.catalog.UpdateProduct, _change(product_pb2.Product(id=two.id, sku=one.sku)), shop.admin
    )
    assert (said.code, said.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SKU_TAKEN")
    said = refused(
        shop.catalog.UpdateProduct, _change(product_pb2.Product(id=two.id, slug=one.slug)), shop.admin
    )
    assert (said.code, said.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SLUG_TAKEN")
    assert _update(shop, product_pb2.Product(id=two.id, sku=two.sku, slug=two.slug)).sku == two.sku


def test_a_new_sku_is_that_of_the_default_variant_too(shop: RunningShop) -> None:
    product = shop.product()
    sku = f"S-{uuid.uuid4().hex[:8]}"
    _update(shop, product_pb2.Product(id=product.id, sku=sku))
    inventory = shop.inventory.GetInventory(inventory_pb2.GetInventoryRequest(product_id=product.id))
    assert [level.sku for level in inventory.levels] == [sku]


def test_a_stale_etag_is_refused_and_the_current_one_taken(shop: RunningShop) -> None:
    product = shop.product()
    changed = _update(shop, product_pb2.Product(id=product.id, name=_name(), etag=product.etag))
    stale = _change(product_pb2.Product(id=product.id, name="late", etag=product.etag), "name")
    said = refused(shop.catalog.UpdateProduct, stale, shop.admin)
    assert (said.code, said.reason) == (grpc.StatusCode.ABORTED, "STALE_ETAG")
    assert said.facts == {"resource": "product"}, "and not the current one, with which to overwrite unseen"
    gone = product_pb2.DeleteProductRequest(product_id=product.id, etag=product.etag)
    assert refused(shop.catalog.DeleteProduct, gone, shop.admin).reason == "STALE_ETAG"
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id, etag=changed.etag),
        metadata=shop.admin.metadata,
    )


@pytest.mark.both
def test_of_writers_with_one_etag_one_wins(shop: RunningShop) -> None:
    product = shop.product()

    def write(number: int) -> str:
        try:
            return _update(
                shop, product_pb2.Product(id=product.id, name=f"Writer {number}", etag=product.etag)
            ).name
        except grpc.RpcError as error:
            return error.code().name  # type: ignore[attr-defined]

    with ThreadPoolExecutor(8) as clients:
        said = sorted(clients.map(write, range(8)))
    assert said[:7] == ["ABORTED"] * 7
    assert _get(shop, product.id).name == said[7]


def test_the_stock_does_not_move_the_etag(shop: RunningShop) -> None:
    product = shop.product(stock=5)
    shop.inventory.SetInventory(
        inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=50), metadata=shop.admin.metadata
    )
    after = _get(shop, product.id)
    assert (after.stock, after.etag) == (50, product.etag)


# ── Deleting


def test_a_deleted_product_is_gone_from_every_read(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    product = shop.product(tags=[tag])
    _get(shop, product.id)
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=shop.admin.metadata
    )
    for key in (
        product_pb2.GetProductRequest(product_id=product.id),
        product_pb2.GetProductRequest(slug=product.slug),
    ):
        assert refused(shop.catalog.GetProduct, key).code == grpc.StatusCode.NOT_FOUND
    assert not shop.catalog.ListProducts(product_pb2.ListProductsRequest(tags=[tag])).items
    inventory = inventory_pb2.GetInventoryRequest(product_id=product.id)
    assert refused(shop.inventory.GetInventory, inventory).reason == "PRODUCT_NOT_FOUND"
    again = product_pb2.DeleteProductRequest(product_id=product.id)
    assert refused(shop.catalog.DeleteProduct, again, shop.admin).reason == "PRODUCT_NOT_FOUND"
    change = _change(product_pb2.Product(id=product.id, name="x"))
    assert refused(shop.catalog.UpdateProduct, change, shop.admin).reason == "PRODUCT_NOT_FOUND"


# ── Vendors


def test_a_vendor_owns_what_they_create_and_manages_it(shop: RunningShop) -> None:
    vendor = shop.vendor()
    product = _create(shop, _new(_name(), stock=3), vendor)
    assert product.vendor_id == vendor.user_id
    assert _update(shop, product_pb2.Product(id=product.id, brand="Own"), account=vendor).brand == "Own"
    change = inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=2)
    assert shop.inventory.AdjustInventory(change, metadata=vendor.metadata).total_available == 5
    assert _update(shop, product_pb2.Product(id=product.id, brand="Shop")).vendor_id == vendor.user_id
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=vendor.metadata
    )


def test_a_vendor_touches_nothing_of_others(shop: RunningShop) -> None:
    mine, other = shop.vendor(), shop.vendor()
    for product in (shop.product(), _create(shop, _new(_name()), other)):
        for method, request in (
            (shop.catalog.UpdateProduct, _change(product_pb2.Product(id=product.id, name="Mine now"))),
            (shop.catalog.DeleteProduct, product_pb2.DeleteProductRequest(product_id=product.id)),
            (
                shop.inventory.SetInventory,
                inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=1),
            ),
            (
                shop.inventory.AdjustInventory,
                inventory_pb2.AdjustInventoryRequest(product_id=product.id, delta=1),
            ),
        ):
            said = refused(method, request, mine)
            assert (said.code, said.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_THE_OWNER")
        assert _get(shop, product.id) == product


def test_a_vendor_manages_no_categories(shop: RunningShop) -> None:
    request = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name="Mine"))
    assert refused(shop.catalog.CreateCategory, request, shop.vendor()).reason == "PERMISSION_MISSING"


# ── Freshness


@pytest.fixture
def two_workers(database_url: str, tmp_path: Path) -> Iterator[tuple[RunningShop, RunningShop]]:
    """Two workers over one database."""
    one = RunningShop(test_settings(database_url, tmp_path))
    two = RunningShop(test_settings(database_url, tmp_path))
    yield one, two
    two.stop()
    one.stop()


def _seconds_until(seen: Any) -> float:
    """How long it takes until `seen()`; fails after two seconds."""
    began = time.monotonic()
    for wait in itertools.repeat(0.002):
        if seen():
            return time.monotonic() - began
        assert time.monotonic() - began < 2, "not seen within two seconds"
        time.sleep(wait)
    raise AssertionError("unreachable")


@pytest.mark.both
def test_what_one_worker_writes_every_worker_shows(
    two_workers: tuple[RunningShop, RunningShop], record_property: Any
) -> None:
    writer, reader = two_workers
    product = writer.product(stock=5)
    assert _get(reader, product.id) == product
    latencies = []
    for round_ in range(5):
        changed = _update(writer, product_pb2.Product(id=product.id, price=Money(units=20 + round_)))
        latencies.append(_seconds_until(lambda changed=changed: _get(reader, product.id) == changed))
        level = inventory_pb2.SetInventoryRequest(product_id=product.id, quantity=round_)
        writer.inventory.SetInventory(level, metadata=writer.admin.metadata)
        latencies.append(_seconds_until(lambda stock=round_: _get(reader, product.id).stock == stock))
    category = writer.catalog.CreateCategory(
        category_pb2.CreateCategoryRequest(category=category_pb2.Category(name="Cups")),
        metadata=writer.admin.metadata,
    )
    category.ClearField("description")  # which lists do not show
    latencies.append(
        _seconds_until(
            lambda: category in reader.catalog.ListCategories(category_pb2.ListCategoriesRequest()).items
        )
    )
    writer.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=writer.admin.metadata
    )
    batch = product_pb2.BatchGetProductsRequest(product_ids=[product.id])
    latencies.append(_seconds_until(lambda: reader.catalog.BatchGetProducts(batch).missing_ids))
    record_property("freshness_ms", [round(seconds * 1000, 1) for seconds in latencies])


@pytest.mark.both
def test_a_worker_shows_its_own_write_at_once(shop: RunningShop) -> None:
    product = shop.product()
    for units in range(1, 20):
        assert _update(shop, product_pb2.Product(id=product.id, price=Money(units=units))) == _get(
            shop, product.id
        )
