"""Lists of products: every filter, every order, and pages that neither skip nor repeat."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, product_pb2
from support.catalog_shop import copy_product
from support.running_shop import Account, RunningShop, refused

Sort = product_pb2.ListProductsRequest
SORTS = [Sort.NEWEST, Sort.PRICE_ASC, Sort.PRICE_DESC, Sort.NAME, Sort.POPULARITY, Sort.RATING]


def _list(shop: RunningShop, **arguments: Any) -> product_pb2.ListProductsResponse:
    return shop.catalog.ListProducts(product_pb2.ListProductsRequest(**arguments))


def _ids(reply: product_pb2.ListProductsResponse) -> list[int]:
    return [product.id for product in reply.items]


def _all_pages(shop: RunningShop, size: int, **arguments: Any) -> list[product_pb2.Product]:
    found: list[product_pb2.Product] = []
    token = ""
    while True:
        reply = _list(shop, page_size=size, page_token=token, **arguments)
        assert len(reply.items) <= size
        assert reply.HasField("total_size") == (not token), "the total stands on the first page only"
        found.extend(reply.items)
        token = reply.next_page_token
        if not token:
            return found
        assert len(reply.items) == size, "only the last page is short"


def _category(shop: RunningShop, name: str, **fields: Any) -> category_pb2.Category:
    request = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=name, **fields))
    return shop.catalog.CreateCategory(request, metadata=shop.admin.metadata)


def _unique(word: str) -> str:
    return f"{word} {uuid.uuid4().hex[:8]}"


def _products(shop: RunningShop, tag: str, count: int) -> list[int]:
    """Products with many ties in every order, inserted as a shop that has grown would have them."""
    dice = random.Random(tag)
    made = [shop.product(name="x", tags=[tag]).id for _ in range(count)]
    for product_id in made:
        values = {
            "id": product_id,
            "price": dice.choice([100, 250, 999]),
            "name": dice.choice(["apple", "Banana", "cherry", "Äpfel 漢字", "zebra"]),
            "rating": dice.choice([0.0, 4.5, 4.25]),
            "sold": dice.choice([0, 3, 7]),
            "created": dice.choice(
                ["2024-01-01 00:00:00", "2024-01-01 00:00:00.000001", "2025-02-02 10:00:00"]
            ),
        }
        shop.sql(
            "UPDATE products SET price_minor = :price, name = :name, rating = :rating,"
            f" created_at = {_timestamp(shop)} WHERE id = :id",
            **{name: values[name] for name in ("id", "price", "name", "rating", "created")},
        )
        shop.sql(
            "UPDATE inventory_levels SET sold = :sold, received = available + :sold WHERE product_id = :id",
            id=product_id,
            sold=values["sold"],
        )
    shop.relist(made)
    return made


def _timestamp(shop: RunningShop) -> str:
    if shop.app.db.is_postgresql:
        return "CAST(CAST(:created AS text) || '+00' AS timestamptz)"
    # as the column's type writes it
    return "CASE WHEN length(:created) = 19 THEN :created || '.000000' ELSE :created END"


@pytest.fixture(scope="module")
def many() -> Iterator[dict[RunningShop, tuple[str, list[int]]]]:
    """The tag and the ids of a list with ties, by shop; afterwards the books of the stock are true again."""
    made: dict[RunningShop, tuple[str, list[int]]] = {}
    yield made
    for shop, (tag, _) in made.items():
        shop.sql(
            "UPDATE inventory_levels SET sold = 0, received = available"
            " WHERE product_id IN (SELECT product_id FROM product_listings WHERE list_key = :list_key)",
            list_key=f"tag {tag}",
        )


@pytest.fixture
def tied(shop: RunningShop, many: dict[RunningShop, tuple[str, list[int]]]) -> tuple[str, list[int]]:
    """A tag and its forty products, made once."""
    if shop not in many:
        tag = uuid.uuid4().hex
        many[shop] = (tag, _products(shop, tag, 40))
    return many[shop]


@pytest.mark.either
@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: Sort.Sort.Name(sort))
@pytest.mark.parametrize("size", [1, 7, 40, 100])
def test_pages_hold_every_product_once_in_the_order_asked(
    shop: RunningShop, tied: tuple[str, list[int]], sort: Sort.Sort.ValueType, size: int
) -> None:
    tag, made = tied
    listed = [product.id for product in _all_pages(shop, size, tags=[tag], sort=sort)]
    rows = {row.id: row for row in shop.sql(
        "SELECT p.id, p.price_minor, p.name, p.rating, p.created_at, l.sold FROM products p"
        " JOIN inventory_levels l ON l.product_id = p.id"
    )}  # fmt: skip
    keys = {
        Sort.NEWEST: lambda row: (str(row.created_at).removesuffix(".000000"), row.id),
        Sort.PRICE_ASC: lambda row: (row.price_minor, row.id),
        Sort.PRICE_DESC: lambda row: (row.price_minor, row.id),
        # what is no ASCII letter comes after z, lowered or not
        Sort.NAME: lambda row: (row.name.lower().replace("ä", "~"), row.id),
        Sort.POPULARITY: lambda row: (row.sold, row.id),
        Sort.RATING: lambda row: (row.rating, row.id),
    }
    ascending = sort in (Sort.PRICE_ASC, Sort.NAME)
    assert listed == sorted(made, key=lambda i: keys[sort](rows[i]), reverse=not ascending)


def test_the_newest_come_first_unless_asked_otherwise(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    made = [shop.product(tags=[tag]).id for _ in range(3)]
    assert _ids(_list(shop, tags=[tag])) == made[::-1]


def test_a_product_made_between_two_pages_shifts_nothing(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    made = [shop.product(tags=[tag]).id for _ in range(4)]
    first = _list(shop, tags=[tag], page_size=2)
    shop.product(tags=[tag])
    rest = _list(shop, tags=[tag], page_size=2, page_token=first.next_page_token)
    assert _ids(first) + _ids(rest) == made[::-1]
    assert not rest.next_page_token


@pytest.mark.parametrize("letter", ["a", "é", "漢", "🛒"])
def test_the_page_after_the_longest_name_can_be_asked_for(shop: RunningShop, letter: str) -> None:
    tag = uuid.uuid4().hex
    made = [shop.product(name=letter * 200, tags=[tag]).id for _ in range(2)]
    assert [p.id for p in _all_pages(shop, 1, tags=[tag], sort=Sort.NAME)] == made


@pytest.mark.either
@pytest.mark.parametrize(
    "other",
    [
        {"sort": Sort.PRICE_ASC},
        {"brand": "acme"},
        {"min_price": "1"},
        {"max_price": "1000"},
        {"in_stock": True},
        {"in_stock": False},
        {"vendor_id": 1},
        {"tags": []},
    ],
)
def test_a_token_is_bound_to_the_arguments_of_its_list(shop: RunningShop, other: dict[str, Any]) -> None:
    tag = uuid.uuid4().hex
    for _ in range(2):
        shop.product(tags=[tag], brand="Acme")
    token = _list(shop, tags=[tag], page_size=1).next_page_token
    said = refused(
        shop.catalog.ListProducts,
        product_pb2.ListProductsRequest(**({"tags": [tag], "page_token": token} | other)),
    )
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
    larger = _list(shop, tags=[tag], page_size=5, page_token=token)
    assert len(larger.items) == 1, "the size of a page may change"


@pytest.mark.either
@pytest.mark.parametrize("token", ["x", "AAAA", "A" * 2048, "é", "' OR 1=1"])
def test_a_made_up_token_is_refused(shop: RunningShop, token: str) -> None:
    said = refused(shop.catalog.ListProducts, product_pb2.ListProductsRequest(page_token=token))
    assert said.reason == "INVALID_PAGE_TOKEN"


def test_a_page_is_at_most_a_hundred_and_twenty_unless_asked(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    first = shop.product(tags=[tag])
    copy_product(shop, first.id, 120)
    assert len(_list(shop, tags=[tag]).items) == 20
    assert len(_list(shop, tags=[tag], page_size=1000).items) == 100
    assert _list(shop, tags=[tag], page_size=1).total_size == 121


# ── Filters


def test_a_category_holds_what_is_below_it_whatever_it_is_called(shop: RunningShop) -> None:
    top = _category(shop, _unique("Straße"))
    middle = _category(shop, _unique("Middle"), parent_id=top.id)
    low = _category(shop, _unique("Low"), parent_id=middle.id)
    aside = _category(shop, _unique("Aside"))
    one, two, three = (shop.product(category=c.slug).id for c in (top, middle, low))
    shop.product(category=aside.name)
    for asked in (top.slug, top.slug.upper(), top.name, top.name.lower(), top.name.upper()):
        assert _ids(_list(shop, category=asked)) == [three, two, one], asked
    assert _ids(_list(shop, category=middle.name)) == [three, two]
    assert _ids(_list(shop, category=low.slug)) == [three]
    said = refused(shop.catalog.ListProducts, product_pb2.ListProductsRequest(category="nowhere"))
    assert (said.code, said.reason) == (grpc.StatusCode.NOT_FOUND, "CATEGORY_NOT_FOUND")


def test_an_empty_category_is_an_empty_list(shop: RunningShop) -> None:
    reply = _list(shop, category=_category(shop, _unique("Empty")).slug)
    assert (list(reply.items), reply.next_page_token, reply.total_size) == ([], "", 0)
    assert reply.HasField("total_size")


def test_all_tags_must_be_there(shop: RunningShop) -> None:
    a, b = uuid.uuid4().hex, uuid.uuid4().hex
    both, only_a = shop.product(tags=[b, a]).id, shop.product(tags=[a]).id
    assert _ids(_list(shop, tags=[a])) == [only_a, both]
    assert _ids(_list(shop, tags=[a, b])) == [both]
    assert _ids(_list(shop, tags=[b, a, a])) == [both]
    assert _ids(_list(shop, tags=[a.upper()])) == []


def test_tags_that_were_changed_are_the_ones_that_count(shop: RunningShop) -> None:
    old, new = uuid.uuid4().hex, uuid.uuid4().hex
    product = shop.product(tags=[old])
    change = product_pb2.UpdateProductRequest(product=product_pb2.Product(id=product.id, tags=[new]))
    shop.catalog.UpdateProduct(change, metadata=shop.admin.metadata)
    assert _ids(_list(shop, tags=[new])) == [product.id]
    assert _ids(_list(shop, tags=[old])) == []


def test_a_brand_is_found_whatever_its_case(shop: RunningShop) -> None:
    brand = _unique("École")
    product = shop.product(brand=brand)
    plain = shop.product(brand=brand.replace("É", "E"))
    assert _ids(_list(shop, brand=brand)) == [product.id]
    for asked in (plain.brand, plain.brand.upper(), plain.brand.lower()):
        assert _ids(_list(shop, brand=asked)) == [plain.id]
    assert _ids(_list(shop, brand=f"{plain.brand}%")) == []


@pytest.mark.either
@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        ("", "", [1, 2, 3]),
        ("5.00", "", [2, 3]),
        ("5.01", "", [3]),
        ("5", "5", [2]),
        ("", "4.99", [1]),
        ("0", "999999999999", [1, 2, 3]),
        ("9999999999", "", []),
    ],
)
def test_prices_are_bounds_that_belong_to_the_range(
    shop: RunningShop, low: str, high: str, found: list[int]
) -> None:
    tag = uuid.uuid4().hex
    cents = 10_000_000
    made = [shop.product(units=u, nanos=n, tags=[tag]).id for u, n in ((4, 99 * cents), (5, 0), (5, cents))]
    listed = _ids(_list(shop, tags=[tag], min_price=low, max_price=high, sort=Sort.PRICE_ASC))
    assert listed == [made[number - 1] for number in found]


@pytest.mark.either
@pytest.mark.parametrize(
    "arguments",
    [
        {"min_price": "cheap"},
        {"min_price": "-1"},
        {"max_price": "1e3"},
        {"max_price": "1.2345"},
        {"max_price": "٣"},
        {"min_price": "1\n2"},
        {"min_price": "5", "max_price": "4.99"},
        {"page_size": -1},
        {"vendor_id": -1},
        {"sort": 99},
        {"tags": ["x"] * 11},
        {"brand": "x" * 101},
    ],
)
def test_an_argument_that_means_nothing_is_refused(shop: RunningShop, arguments: dict[str, Any]) -> None:
    said = refused(shop.catalog.ListProducts, product_pb2.ListProductsRequest(**arguments))
    assert (said.code, said.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert said.fields[0].split("[")[0] in arguments


def test_what_can_be_ordered_and_what_is_sold_out_are_two_lists(shop: RunningShop) -> None:
    tag = uuid.uuid4().hex
    stocked, empty = shop.product(tags=[tag], stock=1).id, shop.product(tags=[tag], stock=0).id
    assert _ids(_list(shop, tags=[tag])) == [empty, stocked]
    assert _ids(_list(shop, tags=[tag], in_stock=True)) == [stocked]
    assert _ids(_list(shop, tags=[tag], in_stock=False)) == [empty]


def test_a_vendor_has_a_list_of_their_own(shop: RunningShop) -> None:
    vendor: Account = shop.vendor()
    request = product_pb2.CreateProductRequest(product=product_pb2.Product(name="Own", price=Money(units=1)))
    product = shop.catalog.CreateProduct(request, metadata=vendor.metadata)
    shop.product()
    assert _ids(_list(shop, vendor_id=vendor.user_id)) == [product.id]
    assert _ids(_list(shop, vendor_id=2**53)) == []


def test_filters_narrow_each_other(shop: RunningShop) -> None:
    category, tag = _category(shop, _unique("Mixed")), uuid.uuid4().hex
    hit = shop.product(category=category.slug, tags=[tag], brand="Acme", units=7)
    for fields in ({"tags": []}, {"brand": "Other"}, {"units": 8}, {"category": ""}, {"stock": 0}):
        shop.product(**({"category": category.slug, "tags": [tag], "brand": "Acme", "units": 7} | fields))
    asked = {"category": category.slug, "tags": [tag], "brand": "acme", "max_price": "7.50", "in_stock": True}
    assert _ids(_list(shop, **asked)) == [hit.id]


@pytest.mark.either
@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: Sort.Sort.Name(sort))
def test_every_filter_works_in_every_order(shop: RunningShop, sort: Sort.Sort.ValueType) -> None:
    tag = uuid.uuid4().hex
    vendor = shop.vendor()
    sent = product_pb2.Product(name="Own", price=Money(units=7), stock=1, tags=[tag], brand="Acme")
    product = shop.catalog.CreateProduct(
        product_pb2.CreateProductRequest(product=sent), metadata=vendor.metadata
    )
    category = _category(shop, _unique("Ordered"))
    change = product_pb2.UpdateProductRequest(
        product=product_pb2.Product(id=product.id, category=category.slug)
    )
    shop.catalog.UpdateProduct(change, metadata=vendor.metadata)
    shop.product(tags=[tag], stock=0)
    for filters in (
        {"category": category.slug},
        {"brand": "acme", "tags": [tag]},
        {"vendor_id": vendor.user_id},
        {"tags": [tag], "max_price": "7"},
        {"tags": [tag], "in_stock": True},
        {"category": category.name, "in_stock": True, "vendor_id": vendor.user_id, "min_price": "6.99"},
    ):
        assert _ids(_list(shop, sort=sort, **filters)) == [product.id], filters
    assert product.id not in _ids(_list(shop, sort=sort, tags=[tag], in_stock=False))


def test_a_walk_through_a_category_goes_on_when_the_tree_below_it_changes(shop: RunningShop) -> None:
    category = _category(shop, _unique("Cups"))
    made = [shop.product(category=category.slug).id for _ in range(3)]
    first = _list(shop, category=category.slug, page_size=2)
    _category(shop, _unique("Small cups"), parent_id=category.id)
    rest = _list(shop, category=category.slug, page_size=2, page_token=first.next_page_token)
    assert sorted(_ids(first) + _ids(rest)) == sorted(made)
    other = product_pb2.ListProductsRequest(category=_category(shop, _unique("Bowls")).slug)
    other.page_token = first.next_page_token
    assert refused(shop.catalog.ListProducts, other).reason == "INVALID_PAGE_TOKEN"


# ── Cost


def test_a_list_takes_one_query_and_one_more_for_the_total_and_none_while_nothing_changes(
    shop: RunningShop,
) -> None:
    tag = uuid.uuid4().hex
    for _ in range(6):
        shop.product(tags=[tag])
    with shop.counted_queries() as cold:
        first = _list(shop, tags=[tag], page_size=3)
    with shop.counted_queries() as next_page:
        _list(shop, tags=[tag], page_size=3, page_token=first.next_page_token)
    with shop.counted_queries() as warm:
        _list(shop, tags=[tag], page_size=3, page_token=first.next_page_token)
    with shop.counted_queries() as counted:
        _list(shop, tags=[tag], page_size=3)
    other = uuid.uuid4().hex
    with shop.counted_queries() as uncounted:
        _list(shop, tags=[tag], page_size=3, min_price=str(int(other[:6], 16)))
    with shop.counted_queries() as other_order:
        _list(shop, tags=[tag], page_size=3, sort=Sort.NAME)
    assert (len(cold), len(next_page), len(uncounted), len(other_order)) == (3, 2, 3, 1)
    assert (len(warm), len(counted)) == (0, 0)


@pytest.mark.parametrize("size", [1, 30])
def test_a_cold_list_takes_the_same_queries_whatever_its_size(shop: RunningShop, size: int) -> None:
    tag = uuid.uuid4().hex
    for _ in range(size):
        shop.product(tags=[tag])
    with shop.counted_queries() as queries:
        assert len(_list(shop, tags=[tag], page_size=size).items) == size
    assert len(queries) == 3
