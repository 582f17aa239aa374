"""What the tests of the catalogue share: a product within every limit, and many copies of one."""

from __future__ import annotations

import uuid
from typing import Any

from google.protobuf.struct_pb2 import Struct
from google.type.money_pb2 import Money
from sanset.v1 import category_pb2, variant_pb2
from sanset.v1 import product_pb2 as pb
from sqlalchemy import insert, select
from support.page_by_page import page_by_page
from support.running_shop import Account, RunningShop

from server.catalog.listings import relist
from server.catalog.models import InventoryLevel, Product, Variant
from server.clock import utc_now


def largest_product(shop: RunningShop, tag: str, character: str = "🛒") -> pb.Product:
    """A product whose texts are as long as the contract lets them be."""
    width = len(character.encode())
    attributes = Struct()
    attributes.update({"a": character * (16_000 // width)})
    return shop.product(
        name=character * 200,
        description=character * min(10_000, 32_768 // width),
        brand=character * 100,
        tags=[tag, *(f"{number:02}" + character * 48 for number in range(31))],
        attributes=attributes,
        seo_title=character * 200,
        seo_description=character * 500,
    )


def add_variant(
    shop: RunningShop,
    product_id: int,
    account: Account | None = None,
    *,
    stock: int = 5,
    cents: int | None = None,
    sku: str = "",
    is_default: bool = False,
    **options: str,
) -> variant_pb2.Variant:
    """Create a variant with these options, at a price of its own in US cents where one is given."""
    price = None if cents is None else Money(units=cents // 100, nanos=cents % 100 * 10_000_000)
    variant = variant_pb2.Variant(sku=sku, stock=stock, is_default=is_default, price=price)
    variant.options.extend(
        variant_pb2.Variant.Option(name=name, value=each) for name, each in options.items()
    )
    request = variant_pb2.CreateVariantRequest(product_id=product_id, variant=variant)
    return shop.catalog.CreateVariant(request, metadata=(account or shop.admin).metadata)


def variants_of(shop: RunningShop, product_id: int) -> list[variant_pb2.Variant]:
    """All variants of a product."""
    request = variant_pb2.ListVariantsRequest(product_id=product_id, page_size=100)
    return list(shop.catalog.ListVariants(request).items)


def listed_categories(shop: RunningShop) -> list[category_pb2.Category]:
    """All categories of the top level, with those below."""

    def read(token: str) -> category_pb2.ListCategoriesResponse:
        request = category_pb2.ListCategoriesRequest(page_size=100, page_token=token)
        return shop.catalog.ListCategories(request)

    return [category for page in page_by_page(read) for category in page.items]


def copy_product(shop: RunningShop, product_id: int, count: int) -> list[int]:
    """`count` copies of a product, each with a sku and slug of its own; returns their ids."""
    with shop.app.db.transaction() as tx:
        copies = [_copy(tx, product_id) for _ in range(count)]
        relist(tx, copies, utc_now())
    return copies


def _copy(tx: Any, product_id: int) -> int:
    row = tx.execute(select(Product.__table__).where(Product.id == product_id)).one()._asdict()
    del row["id"]
    key = uuid.uuid4().hex
    copy: int = tx.execute(
        insert(Product).values(row | {"sku": key, "slug": key}).returning(Product.id)
    ).scalar_one()
    variant = tx.execute(
        insert(Variant).values(product_id=copy, sku=key, options={}).returning(Variant.id)
    ).scalar_one()
    level = {"variant_id": variant, "location_id": 1, "product_id": copy, "available": 1, "received": 1}
    tx.execute(insert(InventoryLevel).values(level))
    return copy
