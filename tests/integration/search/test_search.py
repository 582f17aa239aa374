"""SearchProducts: what is found, narrowed, paged and shown; and that changes are found soon, on every worker."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, inventory_pb2, product_pb2, variant_pb2
from sanset.v1 import search_pb2 as pb
from support.running_shop import RunningShop, refusal, refused, test_settings

from server.search.upkeep import keeper, opening
from server.search.upkeep.rebuild import BuildFailed, Rebuild

pytestmark = pytest.mark.either

ListRequest = product_pb2.ListProductsRequest
SECONDS = 60
"""For what comes within a second on an idle machine."""


def _word() -> str:
    """A word of letters that no other test has."""
    return "q" + uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:14]


def _search(shop: RunningShop, q: str, **fields: Any) -> pb.SearchProductsResponse:
    return shop.search.SearchProducts(pb.SearchProductsRequest(q=q, **fields))


def _ids(reply: pb.SearchProductsResponse) -> list[int]:
    return [hit.product.id for hit in reply.items]


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up, "it does not come"
        time.sleep(0.02)


def _until_found(shop: RunningShop, q: str, *product_ids: int, **fields: Any) -> pb.SearchProductsResponse:
    def is_found() -> bool:
        try:
            return sorted(_ids(_search(shop, q, **fields))) == sorted(product_ids)
        except grpc.RpcError as error:
            if refusal(error).reason != "SEARCH_NOT_READY":
                raise
            return False

    _until(is_found)
    return _search(shop, q, **fields)


def _update(shop: RunningShop, path: str, **fields: Any) -> None:
    request = product_pb2.UpdateProductRequest(
        product=product_pb2.Product(**fields), update_mask=FieldMask(paths=[path])
    )
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)


def test_a_product_is_found_when_it_is_made_changed_and_gone_when_it_is_deleted(shop: RunningShop) -> None:
    word, other = _word(), _word()
    product = shop.product(name=f"Kettle {word}", brand="Acme")
    hit = _until_found(shop, word, product.id).items[0]
    assert (hit.product.name, hit.product.brand, hit.product.description) == (product.name, "Acme", "")
    _update(shop, "name", id=product.id, name=f"Kettle {other}")
    _until_found(shop, other, product.id)
    _until_found(shop, word)
    shop.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=shop.admin.metadata
    )
    _until_found(shop, other)


def test_a_typo_is_corrected_and_said(shop: RunningShop) -> None:
    word = _word()
    product = shop.product(name=word)
    _until_found(shop, word, product.id)
    typo = word[:5] + ("z" if word[5] != "z" else "y") + word[6:]
    reply = _search(shop, typo)
    assert (_ids(reply), reply.corrected_query) == ([product.id], word)


def test_what_was_found_is_marked_in_the_texts(shop: RunningShop) -> None:
    word = _word()
    product = shop.product(name=f"Big {word}s", description=f"It is a {word}, and more")
    _until_found(shop, word, product.id)
    [hit] = _search(shop, word).items
    marked = {each.field: [(part.text, part.matches) for part in each.parts] for each in hit.highlights}
    assert marked["name"] == [("Big ", False), (f"{word}s", True)]
    assert marked["description"] == [("It is a ", False), (word, True), (", and more", False)]
    assert hit.score > 0


def test_a_sku_finds_its_product_and_names_the_variant(shop: RunningShop) -> None:
    product = shop.product(sku=f"SKU-{uuid.uuid4().hex[:12]}")
    _until_found(shop, product.sku, product.id)
    [hit] = _search(shop, product.sku.lower()).items
    assert hit.variant_id == product.default_variant_id


def test_a_variant_is_found_by_its_sku_and_its_options(shop: RunningShop) -> None:
    word, sku = _word(), f"V-{uuid.uuid4().hex[:12]}"
    product = shop.product(name=f"Shirt {word}")
    variant = shop.catalog.CreateVariant(
        variant_pb2.CreateVariantRequest(
            product_id=product.id,
            variant=variant_pb2.Variant(
                sku=sku, options=[variant_pb2.Variant.Option(name="size", value=f"{word}xl")]
            ),
        ),
        metadata=shop.admin.metadata,
    )
    [hit] = _until_found(shop, sku, product.id).items
    assert hit.variant_id == variant.id
    assert _ids(_search(shop, word, attributes=[f"size:{word}xl"])) == [product.id]
    assert _ids(_search(shop, f"{word}xl")) == [product.id]


@pytest.fixture(name="shelf")
def three_products(shop: RunningShop) -> tuple[str, list[int], str]:
    """A word, three products that have it, and the category of the second and third."""
    word, name = _word(), f"Shelf {uuid.uuid4().hex}"
    create = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=name))
    top = shop.catalog.CreateCategory(create, metadata=shop.admin.metadata)
    create = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name="low", parent_id=top.id))
    low = shop.catalog.CreateCategory(create, metadata=shop.admin.metadata)
    red, blue = Struct(), Struct()
    red.update({"colour": "red"})
    blue.update({"colour": "blue"})
    made = [
        shop.product(name=f"{word} one", units=5, brand="Acme", attributes=red),
        shop.product(name=f"{word} two", units=20, brand="Zeta", attributes=blue, category_id=top.id),
        shop.product(name=f"{word} three", units=70, stock=0, tags=["gift"], category_id=low.id),
    ]
    ids = [product.id for product in made]
    _until_found(shop, word, *ids)
    return word, ids, name


@pytest.mark.parametrize(
    ("fields", "positions"),
    [
        ({"brands": ["ACME", "zeta"]}, [0, 1]),
        ({"tags": ["gift"]}, [2]),
        ({"min_price": "5.01"}, [1, 2]),
        ({"max_price": "20"}, [0, 1]),
        ({"in_stock": True}, [0, 1]),
        ({"in_stock": False}, [2]),
        ({"attributes": ["colour:red", "colour:blue"]}, [0, 1]),
        ({"attributes": ["colour:red"], "brands": ["Zeta"]}, []),
        ({"vendor_id": 987654}, []),
        ({"min_rating": 1}, []),
    ],
)
def test_filters_narrow_what_is_found(
    shop: RunningShop, shelf: tuple[str, list[int], str], fields: dict[str, Any], positions: list[int]
) -> None:
    word, ids, _ = shelf
    reply = _search(shop, word, **fields)
    assert sorted(_ids(reply)) == [ids[position] for position in positions]
    assert reply.total_size == len(positions)


def test_a_category_is_found_with_what_is_below_it_and_facets_leave_their_own_filter_out(
    shop: RunningShop, shelf: tuple[str, list[int], str]
) -> None:
    word, ids, name = shelf
    reply = _search(shop, word, category=name, brands=["Zeta"])
    assert _ids(reply) == [ids[1]]
    [top] = reply.facets.categories
    assert (top.name, top.count, list(top.children)) == (name, 1, [])
    assert {(brand.value, brand.count) for brand in reply.facets.brands} == {("Zeta", 1)}
    everything = _search(shop, word).facets
    [top] = everything.categories
    assert (top.count, [(child.name, child.count) for child in top.children]) == (2, [("low", 1)])
    assert [(band.min_price.units, band.count) for band in everything.prices] == [(0, 1), (10, 1), (50, 1)]
    assert [(each.name, {value.value for value in each.values}) for each in everything.attributes] == [
        ("colour", {"red", "blue"})
    ]


@pytest.mark.both
def test_a_price_that_turns_and_stock_that_ends_count_at_once(
    shop: RunningShop, shelf: tuple[str, list[int], str]
) -> None:
    word, ids, _ = shelf
    _update(
        shop,
        "price",
        id=ids[0],
        price=Money(currency_code="USD", units=900),
    )
    _until_found(shop, word, ids[0], min_price="900")
    count = inventory_pb2.SetInventoryRequest(product_id=ids[1], quantity=0)
    shop.inventory.SetInventory(count, metadata=shop.admin.metadata)
    _until_found(shop, word, ids[0], in_stock=True)


def test_pages_neither_skip_nor_repeat(shop: RunningShop) -> None:
    word = _word()
    made = [shop.product(name=f"{word} {i}", units=1 + i % 3).id for i in range(11)]
    _until_found(shop, word, *made)
    for sort in pb.SearchProductsRequest.Sort.values():
        walked, token = [], ""
        while True:
            reply = _search(shop, word, page_size=3, page_token=token, sort=sort)
            assert reply.total_size == 11
            assert reply.HasField("facets") == (not token)
            walked += _ids(reply)
            token = reply.next_page_token
            if not token:
                break
        assert sorted(walked) == made
    token = _search(shop, word, page_size=3).next_page_token
    elsewhere = pb.SearchProductsRequest(q=word, page_size=3, page_token=token, in_stock=True)
    assert refused(shop.search.SearchProducts, elsewhere).reason == "INVALID_PAGE_TOKEN"


def test_lists_of_products_are_searched_by_the_same_words(
    shop: RunningShop, shelf: tuple[str, list[int], str]
) -> None:
    word, ids, name = shelf

    def listed(**fields: Any) -> list[int]:
        return [product.id for product in shop.catalog.ListProducts(ListRequest(**fields)).items]

    assert sorted(listed(q=word)) == listed(search=word, sort=ListRequest.PRICE_ASC) == ids
    assert listed(q=word, sort=ListRequest.NAME) == [ids[0], ids[2], ids[1]]
    assert listed(q=word, category=name, sort=ListRequest.PRICE_DESC) == [ids[2], ids[1]]
    assert listed(q=word, brand="ACME") == [ids[0]]
    first = shop.catalog.ListProducts(ListRequest(q=word, page_size=2, sort=ListRequest.NAME))
    assert first.total_size == 3
    rest = ListRequest(q=word, page_size=2, sort=ListRequest.NAME, page_token=first.next_page_token)
    assert [product.id for product in shop.catalog.ListProducts(rest).items] == [ids[1]]
    for wrong, field in (
        (ListRequest(q=word, search="other"), "search"),
        (ListRequest(q=word, sort=ListRequest.UPDATED), "q"),
    ):
        said = refused(shop.catalog.ListProducts, wrong)
        assert (said.reason, said.fields) == ("INVALID_FIELD", [field])


@pytest.mark.parametrize("q", ['"', "a AND (b", "*:*", "ключ", "鍵", "x" * 200, "- -", "%%%"])
def test_whatever_is_typed_is_answered(shop: RunningShop, q: str) -> None:
    _search(shop, q)


@pytest.mark.both
def test_a_search_of_what_is_in_memory_asks_the_database_nothing(shop: RunningShop) -> None:
    word = _word()
    product = shop.product(name=word)
    _until_found(shop, word, product.id)

    def asks_nothing() -> bool:
        with shop.counted_queries() as statements:
            _search(shop, word)
            _search(shop, word, in_stock=True)
        return statements == []

    _until(asks_nothing)  # what the worker reads in the background is none of the search's


def test_a_category_that_is_renamed_is_found_by_its_new_name(shop: RunningShop) -> None:
    old, new = _word(), _word()
    create = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=old))
    category = shop.catalog.CreateCategory(create, metadata=shop.admin.metadata)
    product = shop.product(category_id=category.id)
    _until_found(shop, old, product.id)
    request = category_pb2.UpdateCategoryRequest(
        category=category_pb2.Category(id=category.id, name=new), update_mask=FieldMask(paths=["name"])
    )
    shop.catalog.UpdateCategory(request, metadata=shop.admin.metadata)
    _until_found(shop, new, product.id)
    _until_found(shop, old)


@pytest.fixture(name="workers")
def two_workers(database_url: str, tmp_path: Path) -> Iterator[list[RunningShop]]:
    """Two workers of one shop."""
    running = [RunningShop(test_settings(database_url, tmp_path)) for _ in range(2)]
    yield running
    for each in running:
        each.stop()


def test_a_change_by_one_worker_is_found_by_the_other(workers: list[RunningShop]) -> None:
    one, two = workers
    word = _word()
    product = one.product(name=word)
    _until_found(two, word, product.id)
    one.catalog.DeleteProduct(
        product_pb2.DeleteProductRequest(product_id=product.id), metadata=one.admin.metadata
    )
    _until_found(two, word)


def test_a_large_shop_has_a_file_which_is_built_anew_when_it_is_gone_or_damaged(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (opening, keeper):
        monkeypatch.setattr(module, "MAX_NEWER", 3)
    monkeypatch.setattr(keeper, "REST_SECONDS", 0.1)
    word = _word()
    path = tmp_path / "search" / "products.index"
    shop = RunningShop(test_settings(database_url, tmp_path))
    try:
        made = [shop.product(name=f"{word} {i}").id for i in range(6)]
        _until_found(shop, word, *made)
        _until(path.exists)
        newest = shop.product(name=f"{word} newest").id
        _until_found(shop, word, *made, newest)
        path.unlink()
        _until(path.exists)
        _until_found(shop, word, *made, newest)
    finally:
        shop.stop()
    path.write_bytes(path.read_bytes()[:-100] + b"x" * 100)
    damaged = path.read_bytes()
    shop = RunningShop(test_settings(database_url, tmp_path))
    try:
        _until_found(shop, word, *made, newest)
        _until(lambda: path.read_bytes() != damaged)
    finally:
        shop.stop()
    # A worker that starts searches with what is stored, also when that is too old and not built anew yet.
    monkeypatch.setattr(opening, "MAX_NEWER", -1)
    monkeypatch.setattr(Rebuild, "_build", _no_room)
    shop = RunningShop(test_settings(database_url, tmp_path))
    try:
        _until_found(shop, word, *made, newest)
    finally:
        shop.stop()


async def _no_room(_: Rebuild) -> None:
    raise BuildFailed("there is no room")


def test_control_characters_are_refused_by_name(shop: RunningShop) -> None:
    said = refused(shop.search.SearchProducts, pb.SearchProductsRequest(q="mug\x01"))
    assert (said.reason, said.fields) == ("INVALID_FIELD", ["q"])


def test_a_builder_that_is_killed_leaves_its_work_to_another(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_NEWER", -1)
    monkeypatch.setattr(keeper, "REST_SECONDS", 0.1)
    (tmp_path / "search").mkdir()
    program = (
        "import fcntl, sys, time\n"
        "file = open(sys.argv[1], 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('locked', flush=True)\n"
        "time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "search" / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "locked\n"
        shop = RunningShop(test_settings(database_url, tmp_path))
        path = tmp_path / "search" / "products.index"
        try:
            time.sleep(1.5)
            assert not path.exists()
            builder.kill()
            _until(path.exists)
        finally:
            builder.kill()
            shop.stop()


@pytest.mark.both
def test_a_large_shop_that_was_never_indexed_says_that_it_is_not_ready(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MAX_NEWER", -1)
    monkeypatch.setattr(keeper, "READY_SECONDS", 0.2)
    monkeypatch.setattr(Rebuild, "_build", _no_room)
    shop = RunningShop(test_settings(database_url, tmp_path))
    try:
        said = refused(shop.search.SearchProducts, pb.SearchProductsRequest(q="mug"))
        assert (said.code, said.reason) == (grpc.StatusCode.UNAVAILABLE, "SEARCH_NOT_READY")
    finally:
        shop.stop()
