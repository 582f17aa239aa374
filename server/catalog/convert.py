"""Between the catalogue's protobuf messages and plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sanset.v1 import catalog_pb2 as pb

from server.catalog.categories import CategoryNode
from server.catalog.queries import ProductFilter
from server.db.base import AnyRow
from server.errors import InvalidField
from server.etags import etag_of
from server.rpc.wire import (
    MAX_INT32,
    masked_values,
    money_from_wire,
    money_to_wire,
    price_range_from_wire,
    time_to_wire,
)

MAX_ATTRIBUTES_BYTES = 16 * 1024

_CHANGEABLE = (
    "sku", "name", "slug", "description", "category", "brand", "price", "compare_at_price", "max_quantity",
    "attributes", "tags", "seo_title", "seo_description",
)  # fmt: skip


def product_to_wire(row: AnyRow, *, low_stock: int) -> pb.Product:
    """A row of `queries.products` as a Product."""
    product = pb.Product(
        id=row.id,
        sku=row.sku,
        name=row.name,
        slug=row.slug,
        description=row.description,
        category=row.category_name or "",
        category_id=row.category_id or 0,
        brand=row.brand,
        price=money_to_wire(row.price_minor, row.currency),
        stock=min(row.available, MAX_INT32),
        stock_status=stock_status(row.available, low_stock),
        max_quantity=row.max_quantity,
        tags=row.tags,
        seo_title=row.seo_title,
        seo_description=row.seo_description,
        vendor_id=row.vendor_id or 0,
        default_variant_id=row.default_variant_id,
        rating=row.rating,
        reviews_count=row.reviews_count,
        etag=etag_of(row.version),
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
    )
    if row.compare_at_minor is not None:
        product.compare_at_price.CopyFrom(money_to_wire(row.compare_at_minor, row.currency))
    if row.attributes:
        product.attributes.update(row.attributes)
    return product


def stock_status(available: int, low_stock: int) -> pb.Product.StockStatus.ValueType:
    """How much is left, in words."""
    if available <= 0:
        return pb.Product.OUT_OF_STOCK
    return pb.Product.LOW_STOCK if available < low_stock else pb.Product.IN_STOCK


def product_from_wire(product: pb.Product, mask: FieldMask | None, currency: str) -> dict[str, Any]:
    """The columns that an update changes (see wire.masked_values)."""
    values = masked_values(
        product,
        mask,
        _CHANGEABLE,
        attributes=lambda sent: _attributes(sent, "product.attributes"),
        tags=lambda sent: list(sent.tags),
        price=lambda sent: money_from_wire(sent.price, "product.price", currency=currency).minor,
        compare_at_price=lambda sent: _compare_at(sent, currency),
    )
    for field, column in (("price", "price_minor"), ("compare_at_price", "compare_at_minor")):
        if field in values:
            values[column] = values.pop(field)
    return values


def new_product_from_wire(product: pb.Product, currency: str) -> dict[str, Any]:
    """The columns, `category` and `stock` of a product to create."""
    values = product_from_wire(product, FieldMask(paths=["*"]), currency)
    return values | {"stock": product.stock, "currency": currency}


def _compare_at(product: pb.Product, currency: str) -> int | None:
    if not product.HasField("compare_at_price"):
        return None
    return money_from_wire(product.compare_at_price, "product.compare_at_price", currency=currency).minor


def _attributes(message: Message, field: str) -> Mapping[str, Any]:
    attributes = message.attributes  # type: ignore[attr-defined]
    if attributes.ByteSize() > MAX_ATTRIBUTES_BYTES:
        raise InvalidField((field, f"must be at most {MAX_ATTRIBUTES_BYTES} bytes"))
    return MessageToDict(attributes)


def filter_from_wire(
    request: pb.ListProductsRequest, category_ids: frozenset[int] | None, currency: str
) -> ProductFilter:
    """Which products a list shall hold."""
    low, high = price_range_from_wire(request.min_price, request.max_price, currency)
    return ProductFilter(
        category_ids=category_ids,
        brand=request.brand or None,
        tags=tuple(sorted(set(request.tags))),
        min_price_minor=low,
        max_price_minor=high,
        in_stock=request.in_stock if request.HasField("in_stock") else None,
        vendor_id=request.vendor or None,
    )


def category_to_wire(node: CategoryNode) -> pb.Category:
    """A category with the tree below it."""
    return pb.Category(
        id=node.id,
        name=node.name,
        slug=node.slug,
        parent_id=node.parent_id or 0,
        description=node.description,
        children=[category_to_wire(child) for child in node.children],
    )


def category_from_wire(category: pb.Category, mask: FieldMask | None) -> dict[str, Any]:
    """The columns that an update changes."""
    values = masked_values(category, mask, ("name", "slug", "parent_id", "description"))
    if "name" in values and not values["name"].strip():
        raise InvalidField(("category.name", "must not be blank"))
    return values


def inventory_to_wire(
    product_id: int, levels: Sequence[AnyRow], reserved: Mapping[int, int], *, low_stock: int
) -> pb.Inventory:
    """The stock of a product; `reserved` are the units that unpaid orders hold, by variant."""
    total = sum(level.available for level in levels)
    return pb.Inventory(
        product_id=product_id,
        total_available=min(total, MAX_INT32),
        status=stock_status(total, low_stock),
        levels=[
            pb.Inventory.Level(
                variant_id=variant_id,
                sku=sku,
                location=location,
                on_hand=min(available + reserved.get(variant_id, 0), MAX_INT32),
                reserved=min(reserved.get(variant_id, 0), MAX_INT32),
                available=min(available, MAX_INT32),
            )
            for variant_id, sku, location, available in levels
        ],
    )
