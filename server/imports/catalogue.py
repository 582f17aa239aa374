"""Writes the products and customers of a ledger; those that the shop has already stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from server.catalog.listings import relist
from server.catalog.queries import opening_priority
from server.catalog.slugs import slugify
from server.clock import utc_now
from server.db.bulk import reserve_ids, write_rows
from server.db.schema import catalog, metadata, user
from server.db.sealing import vault_of
from server.imports.ledger import SERVICES, Ledger, LedgerCustomer, LedgerProduct
from server.imports.rows import CURRENCY
from server.imports.shelves import shelf_of
from server.imports.slugs import chunks, free_slugs, rows_by
from server.text.name_key import name_key
from server.user.sealed_addresses import sealed_columns

NOT_RECORDED: Final = "Not recorded"
"""The text of a field that the shop requires and the data lacks."""

MAX_QUANTITY: Final = 99
"""The units of one product in a cart, as for any product whose seller sets no limit."""


@dataclass(frozen=True, slots=True)
class ProductIds:
    """The ids of a stock code's product and variant."""

    product_id: int
    variant_id: int


def write_products(tx: Connection, ledger: Ledger) -> tuple[dict[str, ProductIds], int]:
    """Put every stock code of the ledger on a shelf, with its opening stock; services are written as deleted.

    A code that the shop has already keeps its name, price and stock. Return the ids of each code, and the
    number of new ones.
    """
    existing = _existing_products(tx, ledger.goods)
    _ensure_levels(tx, existing.values())
    fresh = [sku for sku in ledger.goods if sku not in existing]
    shelves = _ensure_shelves(tx, {shelf_of(ledger.goods[sku].name) for sku in fresh if sku not in SERVICES})
    product_ids = reserve_ids(tx, metadata.tables["products"], len(fresh))
    variant_ids = reserve_ids(tx, metadata.tables["variants"], len(fresh))
    made = {
        sku: ProductIds(product, variant)
        for sku, product, variant in zip(fresh, product_ids, variant_ids, strict=True)
    }
    slugs = free_slugs(tx, {sku: ledger.goods[sku].name or sku for sku in fresh})
    products = (_product(made[sku], sku, slugs[sku], ledger.goods[sku], shelves) for sku in fresh)
    write_rows(tx, metadata.tables["products"], _PRODUCT, products)
    variants: Iterable[Sequence[object]] = (
        (made[sku].variant_id, made[sku].product_id, sku, {}, True, utc_now() if sku in SERVICES else None)
        for sku in fresh
    )
    columns = ("id", "product_id", "sku", "options", "is_default", "deleted_at")
    write_rows(tx, metadata.tables["variants"], columns, variants)
    stock = ((made[sku], 0 if sku in SERVICES else ledger.goods[sku].stock) for sku in fresh)
    _write_levels(tx, stock)
    # Not those that the shop had: nothing of theirs changed, and who lists a product holds its stock meanwhile.
    relist(tx, [one.product_id for one in made.values()], utc_now())
    return existing | made, len(fresh)


def write_customers(tx: Connection, customers: Iterable[LedgerCustomer]) -> tuple[dict[int, int], int]:
    """Make an account without a password, and an address, for every customer who has none.

    Return the user id of each customer's number, and the number of new ones.
    """
    by_email = {email_of(one.number): one for one in customers}
    existing = {
        by_email[email].number: user_id
        for emails in chunks(by_email)
        for email, user_id in tx.execute(
            select(user.User.email_key, user.User.id).where(user.User.email_key.in_(emails))
        )
    }
    fresh = [one for one in by_email.values() if one.number not in existing]
    user_ids = reserve_ids(tx, metadata.tables["users"], len(fresh))
    made = {one.number: user_id for one, user_id in zip(fresh, user_ids, strict=True)}
    write_rows(tx, metadata.tables["users"], _USER, (_user(made[one.number], one) for one in fresh))
    address_ids = reserve_ids(tx, metadata.tables["addresses"], len(fresh))
    vault = vault_of(tx)
    addresses = (
        (
            *(row_id, made[one.number], True, one.since),
            *sealed_columns(vault, address_of(one.country), row_id).values(),
        )
        for row_id, one in zip(address_ids, fresh, strict=True)
    )
    columns = ("id", "user_id", "is_default", "created_at", *sealed_columns(vault, address_of(""), 0))
    write_rows(tx, metadata.tables["addresses"], columns, addresses)
    return existing | made, len(fresh)


def email_of(customer: int) -> str:
    """The address that stands for a customer; .invalid never receives mail (RFC 2606)."""
    return f"customer-{customer}@online-retail.invalid"


def address_of(country: str) -> dict[str, str]:
    """An address of which only the country is recorded."""
    return {
        "label": "",
        "line1": NOT_RECORDED,
        "line2": "",
        "city": NOT_RECORDED,
        "state": "",
        "postal_code": "",
        "country": country,
    }


_PRODUCT: Final = (
    *("id", "sku", "slug", "name", "description", "category_id", "brand", "price_minor", "currency"),
    *("max_quantity", "attributes", "tags", "seo_title", "seo_description"),
    *("created_at", "updated_at", "deleted_at"),
)
_USER: Final = (
    *("id", "email", "email_key", "full_name", "phone", "role", "preferences", "created_at", "updated_at"),
)


def _product(
    ids: ProductIds, sku: str, slug: str, goods: LedgerProduct, shelves: dict[str, int]
) -> Sequence[object]:
    service = sku in SERVICES
    now = utc_now()
    return (
        *(ids.product_id, sku, slug, goods.name or sku, ""),
        *(None if service else shelves[shelf_of(goods.name)], "", goods.price_minor, CURRENCY),
        *(MAX_QUANTITY, {}, [], "", ""),
        *(goods.first, now, now if service else None),
    )


def _user(user_id: int, customer: LedgerCustomer) -> Sequence[object]:
    email = email_of(customer.number)
    name = f"Customer {customer.number}"
    return (user_id, email, email, name, "", "CUSTOMER", {}, customer.since, customer.since)


def _existing_products(tx: Connection, skus: Iterable[str]) -> dict[str, ProductIds]:
    product, variant = catalog.Product, catalog.Variant
    statement = select(product.sku, product.id, variant.id).join(variant, variant.product_id == product.id)
    return {
        sku: ProductIds(product_id, variant_id)
        for some in chunks(skus)
        for sku, product_id, variant_id in tx.execute(
            # A deleted product gives way to another that has its sku now.
            statement.where(variant.is_default.is_(True), product.sku.in_(some)).order_by(
                product.deleted_at.is_(None)
            )
        )
    }


def _ensure_levels(tx: Connection, existing: Iterable[ProductIds]) -> None:
    """Give existing products a level in the warehouse that orders are served from."""
    level = catalog.InventoryLevel
    for some in chunks(existing):
        there = select(level.variant_id).where(
            level.location_id == catalog.DEFAULT_LOCATION_ID,
            level.variant_id.in_([one.variant_id for one in some]),
        )
        present = set(tx.execute(there).scalars())
        _write_levels(tx, ((one, 0) for one in some if one.variant_id not in present))


def _write_levels(tx: Connection, stock: Iterable[tuple[ProductIds, int]]) -> None:
    columns = ("variant_id", "location_id", "product_id", "available", "received", "sold", "priority")
    priority = opening_priority(tx)
    rows = (
        (one.variant_id, catalog.DEFAULT_LOCATION_ID, one.product_id, units, units, 0, priority)
        for one, units in stock
    )
    write_rows(tx, metadata.tables["inventory_levels"], columns, rows)


def _ensure_shelves(tx: Connection, names: set[str]) -> dict[str, int]:
    """The category of each shelf, made when the shop lacks it."""
    slugs = {slugify(name): name for name in sorted(names)}
    ids = rows_by(tx, catalog.Category.slug, catalog.Category.id, slugs)
    keys = {name_key(name): slug for slug, name in slugs.items() if slug not in ids}
    top = select(catalog.Category.name_key, catalog.Category.id).where(catalog.Category.parent_id.is_(None))
    for key, category_id in tx.execute(top.where(catalog.Category.name_key.in_(keys))):
        ids[keys[key]] = category_id  # one of that name, under another slug
    fresh = [slug for slug in slugs if slug not in ids]
    row_ids = reserve_ids(tx, metadata.tables["categories"], len(fresh))
    ids |= dict(zip(fresh, row_ids, strict=True))
    rows = ((ids[slug], None, slugs[slug], name_key(slugs[slug]), slug, "") for slug in fresh)
    columns = ("id", "parent_id", "name", "name_key", "slug", "description")
    write_rows(tx, metadata.tables["categories"], columns, rows)
    return {name: ids[slug] for slug, name in slugs.items()}
