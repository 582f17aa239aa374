"""Writes the demo shop into the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, cast

from sqlalchemy import Connection, select

from server.analytics.rollup import count_orders
from server.catalog.listings import relist
from server.catalog.models import DEFAULT_LOCATION_ID, Category
from server.catalog.queries import opening_priority
from server.catalog.slugs import slugify
from server.catalog.variants.options import column_of, options_key
from server.crypto.vault import Vault
from server.db.bulk import reserve_ids, write_rows
from server.db.schema import metadata
from server.db.sealing import vault_of
from server.demo.browsing import Look
from server.demo.goods import CURRENCY, DemoProduct
from server.demo.history import DemoOrder
from server.demo.loyalty import write_coupons, write_points
from server.demo.opinions import DemoReview, summaries, write_reviews
from server.demo.people import VENDOR_BRANDS, Person
from server.demo.shelves import DEPARTMENTS
from server.demo.variants import shares, size_of, variants_of
from server.events.log import publish
from server.events.step_facts import Canceller, StepCode, StepFacts
from server.events.topics import CatalogReplaced
from server.order.status import CANCELLED, LIVE, SHIPPED, future_eta
from server.order.steps import CODE_OF_STATUS, SENTENCES
from server.payment.gateway import CAPTURED
from server.progress import ProgressReport
from server.text.name_key import name_key
from server.user.sealed_addresses import AddressSnapshot, seal_snapshot, sealed_columns

STAGE: Final = "Writing the demo shop"
MAX_QUANTITY: Final = 99
COUNTED_AT_ONCE: Final = 500
Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class DemoShop:
    """The demo shop in memory. `stock` is the units left of each product."""

    goods: Sequence[DemoProduct]
    people: Sequence[Person]
    purchases: Sequence[DemoOrder]
    looks: Sequence[Look]
    reviews: Sequence[DemoReview]
    stock: Sequence[int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of the products, of the variants of each, and of the people, in their order."""

    products: Sequence[int]
    variants: Sequence[Sequence[int]]
    users: Sequence[int]
    addresses: Sequence[int]


def write_shop(tx: Connection, shop: DemoShop, hashes: Mapping[str, str], progress: ProgressReport) -> None:
    """Write everything in the transaction `tx`."""
    ids = Ids(
        reserve_ids(tx, metadata.tables["products"], len(shop.goods)),
        _reserve_variants(tx, shop),
        reserve_ids(tx, metadata.tables["users"], len(shop.people)),
        reserve_ids(tx, metadata.tables["addresses"], len(shop.people)),
    )
    _write_people(tx, shop, ids, hashes)
    progress(STAGE, 1, 4)
    _write_goods(tx, shop, ids)
    write_coupons(tx, shop.now)
    progress(STAGE, 2, 4)
    _write_orders(tx, shop, ids)
    write_reviews(tx, shop.reviews, ids.products, ids.users)
    progress(STAGE, 3, 4)
    _write_looks(tx, shop, ids)
    publish(tx, CatalogReplaced())
    progress(STAGE, 4, 4)


def _reserve_variants(tx: Connection, shop: DemoShop) -> list[list[int]]:
    """The ids of the variants of each product."""
    counts = [len(variants_of(one)) for one in shop.goods]
    ids = iter(reserve_ids(tx, metadata.tables["variants"], sum(counts)))
    return [list(islice(ids, count)) for count in counts]


def _write_people(tx: Connection, shop: DemoShop, ids: Ids, hashes: Mapping[str, str]) -> None:
    profile = ("id", "email", "email_key", "full_name", "phone", "password_hash", "role", "preferences")
    columns = (*profile, "email_verify_time", "created_at", "updated_at")
    users: Iterator[Row] = (
        (
            *(user_id, one.email, one.email, one.full_name, "", hashes.get(one.email), one.role, {}),
            *(one.created_at if one.password else None, one.created_at, one.created_at),
        )
        for user_id, one in zip(ids.users, shop.people, strict=True)
    )
    write_rows(tx, metadata.tables["users"], columns, users)
    vault = vault_of(tx)
    addresses = (
        (
            *(address_id, user_id, True, one.created_at),
            *sealed_columns(vault, one.address, address_id).values(),
        )
        for address_id, user_id, one in zip(ids.addresses, ids.users, shop.people, strict=True)
    )
    personal = sealed_columns(vault, shop.people[0].address, 0)
    address_columns = ("id", "user_id", "is_default", "created_at", *personal)
    write_rows(tx, metadata.tables["addresses"], address_columns, addresses)


def _write_goods(tx: Connection, shop: DemoShop, ids: Ids) -> None:
    shelves = _write_categories(tx)
    vendor_id = next((i for i, one in zip(ids.users, shop.people, strict=True) if one.role == "VENDOR"), None)
    placed = list(zip(ids.products, shop.goods, strict=True))
    rated = summaries(shop.reviews)
    products = (
        (
            *(product_id, one.sku, one.slug, one.name, one.description, shelves[one.shelf.name], one.brand),
            *(
                one.price_minor,
                one.compare_at_minor,
                CURRENCY,
                MAX_QUANTITY,
                one.attributes,
                one.tags,
                "",
                "",
            ),
            *(vendor_id if one.brand in VENDOR_BRANDS else None, one.created_at, one.created_at),
            *((rated[index].rating, rated[index].count) if index in rated else (0.0, 0)),
        )
        for index, (product_id, one) in enumerate(placed)
    )
    write_rows(tx, metadata.tables["products"], _PRODUCT, products)
    _write_variants(tx, shop, ids)
    relist(tx, ids.products, shop.now)


def _write_variants(tx: Connection, shop: DemoShop, ids: Ids) -> None:
    """Write the variants of all products, each with its share of their stock."""
    variants: list[Row] = []
    levels: list[Row] = []
    sold = _sold(shop)
    priority = opening_priority(tx)
    for index, one in enumerate(shop.goods):
        product_id, forms = ids.products[index], variants_of(one)
        stock = shares(shop.stock[index], len(forms))
        for position, (variant_id, form) in enumerate(zip(ids.variants[index], forms, strict=True)):
            options = (column_of(form.options), options_key(form.options))
            variants.append((variant_id, product_id, form.sku, *options, form.is_default))
            gone = sold[index, position]
            received = stock[position] + gone
            level = (variant_id, DEFAULT_LOCATION_ID, product_id, stock[position], received, gone, priority)
            levels.append(level)
    write_rows(tx, metadata.tables["variants"], _VARIANT, variants)
    columns = ("variant_id", "location_id", "product_id", "available", "received", "sold", "priority")
    write_rows(tx, metadata.tables["inventory_levels"], columns, levels)


def _write_categories(tx: Connection) -> dict[str, int]:
    """Write the missing departments and shelves of the tree; return the id of each shelf."""
    ids: dict[str, int] = {row.slug: row.id for row in tx.execute(select(Category.slug, Category.id))}
    rows: list[Row] = []
    free = iter(reserve_ids(tx, metadata.tables["categories"], category_count()))

    def category_id(name: str, parent_id: int | None) -> int:
        slug = slugify(name.replace("'", ""))
        if slug not in ids:
            ids[slug] = next(free)
            rows.append((ids[slug], parent_id, name, name_key(name), slug, ""))
        return ids[slug]

    shelves: dict[str, int] = {}
    for department in DEPARTMENTS:
        department_id = category_id(department.name, None)
        shelves |= {shelf.name: category_id(shelf.name, department_id) for shelf in department.shelves}
    columns = ("id", "parent_id", "name", "name_key", "slug", "description")
    write_rows(tx, metadata.tables["categories"], columns, rows)
    return shelves


def category_count() -> int:
    """The number of departments and shelves of the demo shop."""
    return sum(1 + len(department.shelves) for department in DEPARTMENTS)


def _sold(shop: DemoShop) -> Counter[tuple[int, int]]:
    """The units of each variant in live orders, by the places of the product and of the variant in it."""
    sold: Counter[tuple[int, int]] = Counter()
    for purchase in shop.purchases:
        if purchase.status in LIVE:
            for index, units in purchase.basket.units.items():
                sold[index, size_of(purchase.basket.person, shop.goods[index])] += units
    return sold


def _write_orders(tx: Connection, shop: DemoShop, ids: Ids) -> None:
    order_ids = reserve_ids(tx, metadata.tables["orders"], len(shop.purchases))
    numbered = list(zip(order_ids, shop.purchases, strict=True))
    vault = vault_of(tx)
    orders = (_order(i, one, shop, ids, vault) for i, one in numbered)
    write_rows(tx, metadata.tables["orders"], _ORDER, orders)
    write_rows(tx, metadata.tables["order_lines"], _LINE, _lines(numbered, shop, ids))
    write_rows(tx, metadata.tables["order_events"], _EVENT, _events(numbered))
    payments = (
        (
            *(order_id, "demo", one.method, "", one.payment_status, one.cost.total, CURRENCY, one.gateway_id),
            one.cost.total if one.payment_status == CAPTURED else 0,
            one.steps[min(1, len(one.steps) - 1)][1],
        )
        for order_id, one in numbered
    )
    write_rows(tx, metadata.tables["payments"], _PAYMENT, payments)
    # In the gateway's books too: otherwise nothing could be refunded
    charges = (
        (
            *(one.number, one.gateway_id, one.method, one.payment_status, one.cost.total, 0, CURRENCY, ""),
            one.steps[min(1, len(one.steps) - 1)][1],
        )
        for one in shop.purchases
    )
    write_rows(tx, metadata.tables["gateway_charges"], _CHARGE, charges)
    write_points(tx, numbered, ids.users, shop.now)
    for part in range(0, len(order_ids), COUNTED_AT_ONCE):
        count_orders(tx, order_ids[part : part + COUNTED_AT_ONCE])


def _order(order_id: int, one: DemoOrder, shop: DemoShop, ids: Ids, vault: Vault) -> Row:
    cost, person, parcel = one.cost, one.basket.person, one.parcel
    snapshot = cast(AddressSnapshot, {"id": ids.addresses[person], **shop.people[person].address})
    address = seal_snapshot(vault, snapshot, order_id)
    return (
        *(order_id, one.number, ids.users[person], one.status, CURRENCY),
        *(cost.subtotal, cost.discount, cost.tax, cost.shipping, cost.total),
        *(address, one.delivery_option, parcel.tracking_number if parcel else "", one.eta, len(one.steps)),
        [parcel.to_json()] if parcel else None,
        *(one.basket.time, one.steps[-1][1]),
        one.delivered_at,
        shop.now if one.points_counted_by(shop.now) else None,
        *(cost.tier_discount, cost.points_earned),
    )


def _lines(numbered: Sequence[tuple[int, DemoOrder]], shop: DemoShop, ids: Ids) -> Iterator[Row]:
    forms = [variants_of(one) for one in shop.goods]
    for order_id, purchase in numbered:
        for position, (index, part) in enumerate(
            zip(purchase.basket.units, purchase.cost.lines, strict=True), 1
        ):
            one = shop.goods[index]
            size = size_of(purchase.basket.person, one)
            form = forms[index][size]
            yield (
                *(order_id, position, ids.products[index], ids.variants[index][size], form.sku, one.name),
                *(part.quantity, one.price_minor, part.total),
                *(one.price_minor, part.discount, part.tax, part.shipping),
                *(0 if purchase.status in LIVE else part.quantity, column_of(form.options) or None),
            )


def _events(numbered: Sequence[tuple[int, DemoOrder]]) -> Iterator[Row]:
    for order_id, purchase in numbered:
        for sequence, (state, time) in enumerate(purchase.steps, 1):
            is_declined = state == CANCELLED  # no order of the demo shop is cancelled for another reason
            code = StepCode.PAYMENT_DECLINED if is_declined else CODE_OF_STATUS[state]
            yield (
                order_id,
                sequence,
                state,
                code,
                SENTENCES[code],
                "",
                future_eta(state, purchase.eta, time),
                1 if state == SHIPPED else None,
                StepFacts(cancelled_by=Canceller.SHOP).to_json() if is_declined else None,
                time,
            )


def _write_looks(tx: Connection, shop: DemoShop, ids: Ids) -> None:
    table = metadata.tables["behavior_events"]
    rows = (
        (
            *(look_id, None if look.person is None else ids.users[look.person], look.visitor, look.kind),
            *(None if look.product is None else ids.products[look.product], look.query, look.time),
        )
        for look_id, look in zip(reserve_ids(tx, table, len(shop.looks)), shop.looks, strict=True)
    )
    write_rows(tx, table, _LOOK, rows)


_PRODUCT: Final = (
    *("id", "sku", "slug", "name", "description", "category_id", "brand", "price_minor", "compare_at_minor"),
    *("currency", "max_quantity", "attributes", "tags", "seo_title", "seo_description", "vendor_id"),
    *("created_at", "updated_at", "rating", "reviews_count"),
)
_ORDER: Final = (
    *("id", "number", "user_id", "status", "currency"),
    *("subtotal_minor", "discount_minor", "tax_minor", "shipping_minor", "total_minor"),
    *("address", "delivery_option", "tracking_number", "eta", "last_sequence", "shipments"),
    *("placed_at", "updated_at"),
    *("delivered_at", "points_counted_at", "tier_discount_minor", "points_earned"),
)
_LINE: Final = (
    *("order_id", "position", "product_id", "variant_id", "sku", "name"),
    *("quantity", "price_minor", "total_minor"),
    *("list_price_minor", "discount_minor", "tax_minor", "shipping_minor"),
    *("restocked_quantity", "options"),
)
_VARIANT: Final = ("id", "product_id", "sku", "options", "options_key", "is_default")
_EVENT: Final = (
    *("order_id", "sequence", "status", "code", "message", "location", "eta", "shipment_id"),
    *("facts", "occurred_at"),
)
_PAYMENT: Final = (
    *("order_id", "gateway", "method", "token", "status", "amount_minor", "currency", "gateway_id"),
    *("captured_minor", "updated_at"),
)
_CHARGE: Final = (
    *("key", "gateway_id", "method", "status", "amount_minor", "refunded_minor", "currency", "problem"),
    "created_at",
)
_LOOK: Final = (*("id", "user_id", "visitor_id", "kind", "product_id", "query", "occurred_at"),)
