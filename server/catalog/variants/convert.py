"""Between the protobuf messages of variants and plain values."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import product_option_pb2, product_pb2, variant_pb2

from server.catalog.discounts import Discount
from server.catalog.variants.options import (
    COLOR,
    SIZE,
    Options,
    option_values,
    options_of,
    value_of,
    values_named,
)
from server.db.base import AnyRow, Values
from server.errors import FieldReason, InvalidField
from server.etags import etag_of
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import MAX_INT32, money_from_wire, money_to_wire
from server.text.name_key import name_key

_PRICES: Final = {"price": "price_minor", "compare_at_price": "compare_at_minor"}


def variant_to_wire(
    row: AnyRow, now: datetime, stock_status: product_pb2.Product.StockStatus.ValueType
) -> variant_pb2.Variant:
    """A row of `queries.variants` as a Variant, with the price of `now`."""
    options = options_of(row.options)
    list_minor = row.product_minor if row.price_minor is None else row.price_minor
    variant = variant_pb2.Variant(
        id=row.id,
        product_id=row.product_id,
        sku=row.sku,
        options=options_to_wire(options),
        stock=min(row.available, MAX_INT32),
        stock_status=stock_status,
        is_default=row.is_default,
        etag=etag_of(row.version),
        list_price=money_to_wire(list_minor, row.currency),
        effective_price=money_to_wire(Discount.of(row).price_at(list_minor, now), row.currency),
        color=value_of(options, COLOR),
        size=value_of(options, SIZE),
    )
    for field, column in _PRICES.items():
        minor = getattr(row, column)
        if minor is not None:
            getattr(variant, field).CopyFrom(money_to_wire(minor, row.currency))
    return variant


def options_to_wire(options: Options) -> list[variant_pb2.Variant.Option]:
    """The options of a variant."""
    return [variant_pb2.Variant.Option(name=name, value=value) for name, value in options]


def variant_from_wire(variant: variant_pb2.Variant, mask: FieldMask | None, currency: str) -> Values:
    """The columns that an update changes, `options` as such (see updates.masked_values)."""

    def price(field: str) -> int | None:
        if not variant.HasField(field):  # type: ignore[arg-type]
            return None
        return money_from_wire(getattr(variant, field), f"variant.{field}", currency=currency).minor

    values = masked_values(
        variant,
        mask,
        "variant",
        stays=("sku", "is_default"),
        options=lambda sent: _options_from_wire(sent.options),
        price=lambda _: price("price"),
        compare_at_price=lambda _: price("compare_at_price"),
    )
    return {_PRICES.get(field, field): value for field, value in values.items()}


def new_variant_from_wire(variant: variant_pb2.Variant, currency: str) -> Values:
    """The columns of a variant to create, `options` as such."""
    return variant_from_wire(variant, EVERYTHING, currency)


def _options_from_wire(sent: Collection[variant_pb2.Variant.Option]) -> Options:
    options = tuple((" ".join(one.name.split()), " ".join(one.value.split())) for one in sent)
    wrong = list(_wrong(options))
    if wrong:
        raise InvalidField(*wrong)
    return options


def _wrong(options: Options) -> Iterable[tuple[str, str, FieldReason]]:
    names: set[str] = set()
    for i, (name, value) in enumerate(options):
        for field, text in (("name", name), ("value", value)):
            if not text:
                yield (f"variant.options[{i}].{field}", "must not be blank", FieldReason.REQUIRED)
        if name and name_key(name) in names:
            yield (f"variant.options[{i}].name", "is given twice", FieldReason.DUPLICATE)
        names.add(name_key(name))


def describe_variants(product: product_pb2.Product, row: AnyRow, now: datetime) -> None:
    """Say of a product what its variants are; `row` is one of the catalogue's `queries.products`."""
    variants = sorted(row.variants)
    product.variants_count = len(variants)
    every = option_values([options_of(options) for _, options, _ in variants])
    if every:
        product.colors.extend(values_named(every, COLOR))
        product.sizes.extend(values_named(every, SIZE))
        product.options.extend(
            product_option_pb2.ProductOption(name=one.name, values=one.values) for one in every
        )
    prices = {row.price_minor if own is None else own for _, _, own in variants}
    if prices - {row.price_minor}:
        discount = Discount.of(row)
        low, high = (discount.price_at(minor, now) for minor in (min(prices), max(prices)))
        product.price_range.CopyFrom(
            product_option_pb2.PriceRange(
                min_price=money_to_wire(low, row.currency), max_price=money_to_wire(high, row.currency)
            )
        )
