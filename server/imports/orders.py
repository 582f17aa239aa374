"""Writes the invoices of a ledger as orders, a few hundred per transaction.

Each transaction leaves the shop whole: the orders with their lines and steps, and the stock they took. So an
import that is cut short can simply be repeated, and what watches the events never waits long for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from sqlalchemy import Connection, Engine, bindparam, select, text, update

from server.analytics.rollup import count_orders
from server.db.bulk import reserve_ids, write_rows
from server.db.schema import catalog, metadata, order
from server.db.sealing import vault_of
from server.imports.catalogue import ProductIds, address_of
from server.imports.ledger import Invoice, Ledger
from server.imports.rows import CURRENCY
from server.order import status
from server.order.steps import CODE_OF_STATUS, SENTENCES
from server.progress import ProgressReport
from server.user.sealed_addresses import AddressSnapshot, seal_snapshot

ORDERS_PER_TRANSACTION: Final = 250
"""Whoever buys or changes one of their products waits until it ends."""
IMPORT_LOCK: Final = 7_236_540_812
"""PostgreSQL's advisory lock that keeps two imports from writing the same orders; SQLite has one writer."""

# The data dates an invoice and nothing else. The order is taken to be paid at once and to travel as a standard
# parcel does, and a cancellation is its own day's event; no step comes before the invoice.
_DELIVERED: Final = (
    (status.PENDING_PAYMENT, timedelta()),
    (status.CONFIRMED, timedelta()),
    (status.PROCESSING, timedelta(hours=2)),
    (status.SHIPPED, timedelta(days=1)),
    (status.DELIVERED, timedelta(days=3)),
)
_CANCELLED: Final = ((status.PENDING_PAYMENT, timedelta()), (status.CANCELLED, timedelta()))

_ORDER: Final = (
    *("id", "number", "user_id", "status", "currency", "subtotal_minor", "discount_minor", "tax_minor"),
    *("shipping_minor", "total_minor", "address", "delivery_option", "tracking_number", "last_sequence"),
    *("placed_at", "updated_at", "delivered_at"),
)
_LINE: Final = (
    *("order_id", "position", "product_id", "variant_id", "sku", "name", "quantity"),
    *("price_minor", "total_minor", "list_price_minor", "restocked_quantity"),
)
_EVENT: Final = ("order_id", "sequence", "status", "code", "message", "location", "occurred_at")


@dataclass(frozen=True, slots=True)
class ShopIds:
    """The shop's ids of the ledger's stock codes and customers."""

    products: Mapping[str, ProductIds]
    users: Mapping[int, int]


def write_orders(engine: Engine, ledger: Ledger, shop_ids: ShopIds, progress: ProgressReport) -> int:
    """Write every invoice that is no order yet, oldest first; return how many were new.

    A sale becomes a DELIVERED order, a cancellation a CANCELLED one. Prices include everything: no tax and no
    shipping on top. They carry no payment, for the data does not say how they were paid.
    """
    invoices = sorted(ledger.invoices.values(), key=lambda one: (one.time, one.number))
    written = 0
    for first in range(0, len(invoices), ORDERS_PER_TRANSACTION):
        progress("Writing orders", first, len(invoices))
        some = invoices[first : first + ORDERS_PER_TRANSACTION]
        with engine.begin() as tx:
            lock(tx)
            written += _write_some(tx, some, shop_ids)
    progress("Writing orders", len(invoices), len(invoices))
    return written


def lock(tx: Connection) -> None:
    """Let no other import write until this transaction ends."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": IMPORT_LOCK})


def number_of(invoice: Invoice) -> str:
    """The order's number, as people quote it."""
    return f"OR-{invoice.number}"


def _write_some(tx: Connection, invoices: Sequence[Invoice], shop_ids: ShopIds) -> int:
    numbers = [number_of(one) for one in invoices]
    present = set(tx.execute(select(order.Order.number).where(order.Order.number.in_(numbers))).scalars())
    fresh = [one for one in invoices if number_of(one) not in present]
    if not fresh:
        return 0
    ids = reserve_ids(tx, metadata.tables["orders"], len(fresh))
    numbered = list(zip(ids, fresh, strict=True))
    write_rows(tx, metadata.tables["orders"], _ORDER, (_order(tx, i, one, shop_ids) for i, one in numbered))
    write_rows(tx, metadata.tables["order_lines"], _LINE, _lines(numbered, shop_ids))
    write_rows(tx, metadata.tables["order_events"], _EVENT, _events(numbered))
    _move_stock(tx, fresh, shop_ids)
    count_orders(tx, ids)
    return len(fresh)


def _steps(invoice: Invoice) -> Sequence[tuple[str, timedelta]]:
    return _CANCELLED if invoice.cancelled else _DELIVERED


def _order(tx: Connection, order_id: int, invoice: Invoice, shop_ids: ShopIds) -> Sequence[object]:
    steps = _steps(invoice)
    last_status, last_delay = steps[-1]
    total = invoice.total_minor
    user_id = None if invoice.customer is None else shop_ids.users[invoice.customer]
    address = seal_snapshot(vault_of(tx), cast(AddressSnapshot, address_of(invoice.country)), order_id)
    return (
        *(order_id, number_of(invoice), user_id, last_status, CURRENCY, total, 0, 0, 0, total),
        *(address, "STANDARD", "", len(steps), invoice.time, invoice.time + last_delay),
        None if invoice.cancelled else invoice.time + last_delay,
    )


def _lines(numbered: Sequence[tuple[int, Invoice]], shop_ids: ShopIds) -> Iterator[Sequence[object]]:
    for order_id, invoice in numbered:
        for position, (sku, name, quantity, price, total) in enumerate(invoice.lines, 1):
            at = shop_ids.products[sku]
            yield (
                *(order_id, position, at.product_id, at.variant_id, sku, name or sku),
                *(quantity, price, total, price, quantity if invoice.cancelled else 0),
            )


def _events(numbered: Sequence[tuple[int, Invoice]]) -> Iterator[Sequence[object]]:
    for order_id, invoice in numbered:
        for sequence, (state, delay) in enumerate(_steps(invoice), 1):
            code = CODE_OF_STATUS[state]
            yield (order_id, sequence, state, code, SENTENCES[code], "", invoice.time + delay)


def _move_stock(tx: Connection, invoices: Sequence[Invoice], shop_ids: ShopIds) -> None:
    """Count the units of live orders as received and sold, so that what is available does not change."""
    units: Counter[int] = Counter()
    for invoice in invoices:
        if not invoice.cancelled:
            for sku, _, quantity, _, _ in invoice.lines:
                units[shop_ids.products[sku].variant_id] += quantity
    level = catalog.InventoryLevel
    move = (
        update(level)
        .where(level.variant_id == bindparam("variant"), level.location_id == catalog.DEFAULT_LOCATION_ID)
        .values(received=level.received + bindparam("units"), sold=level.sold + bindparam("units"))
    )
    if units:
        # In the order of ids, as checkouts take stock: nobody deadlocks
        tx.execute(move, [{"variant": variant, "units": count} for variant, count in sorted(units.items())])
