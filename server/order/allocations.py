"""Where the units of an order came from, by its lines and by location."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection

from server.catalog.models import DEFAULT_LOCATION_ID
from server.db.base import AnyRow
from server.inventory import allocation_queries
from server.inventory.allocation import AllocatedUnits
from server.order import line_queries
from server.order.errors import OrderNotFound
from server.order.placed import PlacedLine


def of_order(connection: Connection, order_id: int) -> Sequence[AllocatedUnits]:
    """The units of an order by where they came from. Raises OrderNotFound."""
    lines = line_queries.of_orders(connection, [order_id])[order_id]
    if not lines:  # every order has some
        raise OrderNotFound(order_id=order_id)
    recorded: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in allocation_queries.allocations(connection, order_id):
        recorded[row.variant_id].append(row)
    return [part for line in lines for part in _parts(line, recorded[line.variant_id])]


def _parts(line: PlacedLine, recorded: Iterable[AnyRow]) -> Iterator[AllocatedUnits]:
    """A line by location: what is not recorded came from the default one."""
    rest = AllocatedUnits(
        line.product_id,
        line.variant_id,
        line.sku,
        DEFAULT_LOCATION_ID,
        line.quantity,
        line.restocked_quantity,
    )
    for row in recorded:
        part = rest.at(row.location_id, row.quantity, row.restocked_quantity)
        yield part
        rest = rest.without(part)
    if rest.quantity:
        yield rest
