"""The rules of variants: creating, changing and deleting them.

Whoever changes a variant has its product locked: the variants of a product change one after the other, and what is
read of the others stays true until the commit. The unique indexes hold against whatever else may write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NoReturn

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.catalog import listings
from server.catalog import queries as product_queries
from server.catalog.errors import SkuTaken
from server.catalog.models import DEFAULT_LOCATION_ID
from server.catalog.service import own_product
from server.catalog.slugs import random_sku
from server.catalog.variants import queries
from server.catalog.variants.errors import LastVariant, OptionsTaken, VariantNotFound
from server.catalog.variants.options import (
    MAX_OPTION_NAMES,
    Options,
    label_of,
    option_columns,
    option_values,
    options_key,
    options_of,
)
from server.catalog.variants.queries import LiveVariant
from server.db.base import AnyRow, Values
from server.db.rows import changed_columns
from server.db.upsert import broken_constraint
from server.errors import FieldReason, InvalidField, InvalidMoney, TooMany
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.topics import MovedLevel, ProductChanged, StockMoved
from server.identity import Identity

MAX_VARIANTS: Final = 100
"""Of a product, deleted ones aside."""

LISTED: Final = "price_minor"
"""The column that says where the product of a variant stands in the lists."""

ValuesIn = Callable[[str], Values]
"""A variant's columns, its `options` as such, with prices in a currency; raises InvalidMoney for another one's."""


def create_variant(
    tx: Connection, caller: Identity, product_id: int, values: ValuesIn, stock: int, now: datetime
) -> int:
    """Create a variant of a product with its opening stock, and return its id.

    Raises ProductNotFound, NotTheOwner, TooMany, OptionsTaken, SkuTaken, InvalidField and InvalidMoney.
    """
    product = own_product(tx, caller, product_id)
    row = dict(values(product.currency))
    others = queries.live_variants(tx, product_id)
    if len(others) >= MAX_VARIANTS:
        raise TooMany(limit=MAX_VARIANTS, resources="variants of a product")
    if not row.get("options"):
        raise InvalidField(("variant.options", "is required", FieldReason.REQUIRED))
    check_options(product_id, row["options"], others)
    _check_prices(row.get("price_minor"), row.get("compare_at_minor"), product)
    row["sku"] = row.get("sku") or random_sku()
    row["is_default"] = bool(row.get("is_default"))
    if row["is_default"]:
        queries.unset_default(tx, product_id)
    try:
        variant_id = queries.insert_variant(tx, {"product_id": product_id} | _stored(row))
    except IntegrityError as error:
        _say_what_is_taken(error, row["sku"])
    product_queries.open_stock(tx, product_id, variant_id, stock)
    opened = MovedLevel(product_id, variant_id, DEFAULT_LOCATION_ID, stock)
    publish(tx, StockMoved.of([product_id], flipped=False, levels=[opened]))
    _announce(tx, product_id, now, relisted=True)
    return variant_id


def update_variant(
    tx: Connection,
    caller: Identity,
    variant_id: int,
    values: ValuesIn,
    now: datetime,
    *,
    product_id: int = 0,
    etag: str = "",
) -> int:
    """Change columns of a variant, of `product_id` where one is named; return its product.

    Raises VariantNotFound, ProductNotFound, NotTheOwner, StaleEtag, OptionsTaken, SkuTaken, InvalidField and
    InvalidMoney.
    """
    product, current = _own(tx, caller, variant_id, product_id)
    check_etag(etag, etag_of(current.version), "variant")
    row = dict(values(product.currency))
    if "sku" in row and not row["sku"]:
        raise InvalidField(("variant.sku", "must not be empty", FieldReason.REQUIRED))
    if current.is_default and not row.get("is_default", True):
        text = "make another variant the default one instead"
        raise InvalidField(("variant.is_default", text, FieldReason.CONFLICT))
    if "options" in row:
        others = [one for one in queries.live_variants(tx, product.id) if one.id != variant_id]
        check_options(product.id, row["options"], others)
    _check_prices(
        row.get("price_minor", current.price_minor),
        row.get("compare_at_minor", current.compare_at_minor),
        product,
    )
    changes = _changes(current, row)
    if not changes:
        return int(product.id)
    if changes.get("is_default"):
        queries.unset_default(tx, product.id)
    try:
        queries.update_variant(tx, variant_id, changes)
    except IntegrityError as error:
        _say_what_is_taken(error, changes.get("sku", ""))
    _announce(tx, product.id, now, relisted=LISTED in changes)
    return int(product.id)


def delete_variant(
    tx: Connection, caller: Identity, product_id: int, variant_id: int, etag: str, now: datetime
) -> None:
    """Take a variant out of its product; when it was the default one, the oldest that is left becomes it.

    Raises VariantNotFound, ProductNotFound, NotTheOwner, StaleEtag and LastVariant.
    """
    _, current = _own(tx, caller, variant_id, product_id)
    check_etag(etag, etag_of(current.version), "variant")
    others = [one for one in queries.live_variants(tx, product_id) if one.id != variant_id]
    if not others:
        raise LastVariant(product_id=product_id, variant_id=variant_id)
    gone = {"deleted_at": now, "removed": True, "is_default": False}
    queries.update_variant(tx, variant_id, gone)
    if current.is_default:
        queries.update_variant(tx, others[0].id, {"is_default": True})
    _announce(tx, product_id, now, relisted=True)


def _own(tx: Connection, caller: Identity, variant_id: int, product_id: int) -> tuple[AnyRow, AnyRow]:
    """A variant and its product as they are stored, the product locked."""
    actual_id = queries.product_id_of(tx, variant_id)
    if actual_id is None or product_id not in (0, actual_id):
        raise VariantNotFound(product_id=product_id or None, variant_id=variant_id)
    product = own_product(tx, caller, actual_id)
    current = queries.stored_variant(tx, variant_id)
    if current.deleted_at is not None:
        raise VariantNotFound(product_id=actual_id, variant_id=variant_id)
    return product, current


def _stored(row: Values) -> Values:
    """The columns that keep these values."""
    if "options" not in row:
        return row
    return row | option_columns(row["options"])


def _changes(current: AnyRow, row: Values) -> Values:
    """The columns that are other than they are stored."""
    if "options" in row and row["options"] == options_of(current.options):
        row = {name: value for name, value in row.items() if name != "options"}
    return changed_columns(current, _stored(row))


def _announce(tx: Connection, product_id: int, now: datetime, *, relisted: bool) -> None:
    """Count a change of a product's variants as one of the product, and tell the workers."""
    product_queries.update_product(tx, product_id, {}, now)
    lists: Iterable[str] = listings.relist(tx, [product_id], now) if relisted else ()
    publish(tx, ProductChanged(product_id, tuple(sorted(lists))))


def check_options(product_id: int, options: Options, others: Sequence[LiveVariant]) -> None:
    """Raise OptionsTaken or InvalidField for options that do not go with those of a product's other variants."""
    key = options_key(options)
    for other in others:
        if options_key(other.options) == key:
            raise OptionsTaken(product_id=product_id, variant_id=other.id, options=label_of(other.options))
    names = option_values([*(other.options for other in others), options])
    if len(names) > MAX_OPTION_NAMES:
        text = f"the variants of a product differ in {MAX_OPTION_NAMES} things at most"
        raise InvalidField(("variant.options", text, FieldReason.TOO_MANY_ENTRIES))


def _check_prices(price_minor: int | None, compare_at_minor: int | None, product: AnyRow) -> None:
    if price_minor is not None and price_minor <= 0:
        raise InvalidMoney(field="variant.price", problem="must be above zero")
    if compare_at_minor is not None and (price_minor is None or compare_at_minor < price_minor):
        problem = "must not be below the price" if price_minor is not None else "needs a price of its own"
        raise InvalidMoney(field="variant.compare_at_price", problem=problem)
    if (
        price_minor is not None
        and product.discount_minor is not None
        and price_minor < product.discount_minor
    ):
        raise InvalidMoney(field="variant.price", problem="must not be below the product's discount")


def _say_what_is_taken(error: IntegrityError, sku: str) -> NoReturn:
    """Raise SkuTaken when that is what the database refused, else the error itself: options are checked before."""
    if "sku" in broken_constraint(error):
        raise SkuTaken(sku=sku) from None
    raise error
