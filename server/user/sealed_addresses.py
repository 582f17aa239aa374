"""Addresses at rest: of each only the country, which decides the tax, lies open; the rest is sealed as one value.

An address that was written before the shop began to seal, or while an earlier release may still serve, lies open
in its columns, and is read as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, TypedDict, cast

from server.crypto.vault import Cell, Vault
from server.db.base import AnyRow
from server.db.rows import replaced

ADDRESSES: Final = "addresses.sealed"
ORDERS: Final = "orders.address"

_OPEN_WHILE_SEALED: Final[Mapping[str, object]] = {
    "label": "",
    "line1": "",
    "line2": "",
    "city": "",
    "state": "",
    "postal_code": "",
    "lat": None,
    "lng": None,
    "custom_metadata": None,
}
"""The columns that are sealed, with what stands in them then."""

PERSONAL: Final = tuple(_OPEN_WHILE_SEALED)


class AddressSnapshot(TypedDict, total=False):
    """An address as an order keeps it; imported orders may have less of it, or none.

    `sealed` is all of it but id and country.
    """

    id: int
    label: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    lat: float | None
    lng: float | None
    metadata: dict[str, object]
    sealed: str


def sealed_columns(vault: Vault, values: Mapping[str, object], address_id: int) -> dict[str, object]:
    """The columns of an address, all of them given, as they are stored."""
    if not vault.is_sealing:
        return {**values, "sealed": None}
    personal = {name: values.get(name, empty) for name, empty in _OPEN_WHILE_SEALED.items()}
    sealed = vault.seal(_json(personal), Cell(ADDRESSES, address_id))
    return {**values, **_OPEN_WHILE_SEALED, "sealed": sealed}


def opened_row(vault: Vault, row: AnyRow) -> AnyRow:
    """An address's row with its columns open. Raises Unreadable."""
    if not row.sealed:
        return row
    personal = json.loads(vault.open(row.sealed, Cell(ADDRESSES, row.id)))
    return replaced(row, **personal)


def seal_snapshot(vault: Vault, snapshot: AddressSnapshot, order_id: int) -> AddressSnapshot:
    """An order's address as it is stored."""
    personal = {name: value for name, value in snapshot.items() if name not in ("id", "country", "sealed")}
    if not vault.is_sealing or not personal:
        return snapshot
    open_part = {name: value for name, value in snapshot.items() if name in ("id", "country")}
    sealed = vault.seal(_json(personal), Cell(ORDERS, order_id))
    return cast(AddressSnapshot, {**open_part, "sealed": sealed})


def open_snapshot(vault: Vault, stored: AddressSnapshot, order_id: int) -> AddressSnapshot:
    """An order's address as it was when the order was placed. Raises Unreadable."""
    sealed = stored.get("sealed")
    if not sealed:
        return stored
    open_part = {name: value for name, value in stored.items() if name != "sealed"}
    return cast(AddressSnapshot, open_part | json.loads(vault.open(sealed, Cell(ORDERS, order_id))))


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
