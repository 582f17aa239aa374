"""Orders with their lines, by whatever names one: for rules that no caller's rights bound."""

from __future__ import annotations

from sqlalchemy import Connection

from server.db.base import AnyRow
from server.order import line_queries, queries
from server.order.errors import OrderNotFound, OrderOfRequestNotFound
from server.order.placed import PlacedOrder, order_of


def by_id(connection: Connection, order_id: int) -> PlacedOrder:
    """Return the order with an id. Raises OrderNotFound."""
    order = _with_lines(connection, queries.order(connection, order_id))
    if order is None:
        raise OrderNotFound(order_id=order_id)
    return order


def by_number(connection: Connection, number: str) -> PlacedOrder | None:
    """Return the order with a number."""
    return _with_lines(connection, queries.order_by_number(connection, number))


def by_gateway_id(connection: Connection, gateway: str, gateway_id: str) -> PlacedOrder | None:
    """Return the order whose payment a gateway knows by an id."""
    return _with_lines(connection, queries.order_by_gateway_id(connection, gateway, gateway_id))


def by_request(connection: Connection, user_id: int, request_id: str) -> PlacedOrder:
    """Return the order that a request id made. Raises OrderOfRequestNotFound."""
    order = _with_lines(connection, queries.order_by_request(connection, user_id, request_id))
    if order is None:
        raise OrderOfRequestNotFound(request_id=request_id)
    return order


def without_lines(connection: Connection, user_id: int, request_id: str) -> PlacedOrder | None:
    """Return the order that a request id made, without its lines."""
    row = queries.order_by_request(connection, user_id, request_id)
    return order_of(row) if row is not None else None


def _with_lines(connection: Connection, row: AnyRow | None) -> PlacedOrder | None:
    return order_of(row, line_queries.of_orders(connection, [row.id])[row.id]) if row is not None else None
