"""The rules of the addresses: complete ones, and exactly one default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from server.countries import country_code, country_problem
from server.db.base import AnyRow
from server.db.rows import changed_columns
from server.db.sealing import vault_of
from server.errors import FieldReason, InvalidField, TooMany
from server.etags import check_etag, etag_of_content
from server.metadata import metadata_json
from server.text.tidy import tidied
from server.user import address_queries
from server.user.errors import AddressNotFound
from server.user.sealed_addresses import PERSONAL, AddressSnapshot, opened_row, sealed_columns
from server.user.service import hold

MAX_ADDRESSES = 50
REQUIRED = ("line1", "city", "country")
DEFAULT_STAYS = "is the default: set is_default on another address instead"


def list_addresses(
    connection: Connection, user_id: int, *, after: tuple[bool, int] | None, limit: int
) -> Sequence[AnyRow]:
    """A user's addresses, the default first, then the newest."""
    vault = vault_of(connection)
    rows = address_queries.addresses(connection, user_id, after, limit)
    return [opened_row(vault, row) for row in rows]


def get_address(connection: Connection, user_id: int, address_id: int) -> AnyRow:
    """One of a user's addresses. Raises AddressNotFound, also for another user's."""
    row = address_queries.address(connection, user_id, address_id)
    if row is None:
        raise AddressNotFound(address_id=address_id)
    return opened_row(vault_of(connection), row)


def create_address(tx: Connection, user_id: int, values: Mapping[str, object], now: datetime) -> AnyRow:
    """Store a new address of a user and return it; the first becomes the default.

    Raises InvalidField when it is not complete, TooMany, and UserNotFound.
    """
    tidy = _complete(values)
    hold(tx, user_id)  # so that two calls do not each see the 49th address, or leave two defaults
    count, address_id = address_queries.count_addresses(tx, user_id)
    if count >= MAX_ADDRESSES:
        raise TooMany(limit=MAX_ADDRESSES, resources="addresses")
    is_default = count == 0 or bool(values.get("is_default"))
    if is_default:
        address_queries.clear_default(tx, user_id)
    vault = vault_of(tx)
    columns = sealed_columns(vault, tidy, address_id) | {"is_default": is_default, "created_at": now}
    return opened_row(vault, address_queries.insert_address(tx, user_id, columns | {"id": address_id}))


def update_address(
    tx: Connection, user_id: int, address_id: int, changes: Mapping[str, object], etag: str
) -> AnyRow:
    """Change one of a user's addresses and return it.

    Raises AddressNotFound, UserNotFound, StaleEtag, and InvalidField when it would not be complete any more, or no
    address would be the default.
    """
    tidy = _complete(changes)
    hold(tx, user_id)
    current = get_address(tx, user_id, address_id)
    check_etag(etag, etag_of(current), "address")
    becomes_default = tidy.get("is_default", current.is_default)
    if current.is_default and not becomes_default:
        raise InvalidField(("address.is_default", DEFAULT_STAYS))
    if becomes_default and not current.is_default:
        address_queries.clear_default(tx, user_id)
    changed = changed_columns(current, tidy)
    if not changed:
        return current
    vault = vault_of(tx)
    if changed.keys() & set(PERSONAL):  # all that is sealed of an address is one value
        whole = {name: getattr(current, name) for name in PERSONAL} | changed
        changed = sealed_columns(vault, whole, address_id)
    return opened_row(vault, address_queries.update_address(tx, user_id, address_id, changed))


def delete_address(tx: Connection, user_id: int, address_id: int, etag: str) -> None:
    """Delete one of a user's addresses; the newest of the others follows a default.

    Raises AddressNotFound and StaleEtag.
    """
    hold(tx, user_id)
    if etag and (current := address_queries.address(tx, user_id, address_id)) is not None:
        check_etag(etag, etag_of(opened_row(vault_of(tx), current)), "address")
    was_default = address_queries.delete_address(tx, user_id, address_id)
    if was_default is None:
        raise AddressNotFound(address_id=address_id)
    if was_default:
        address_queries.make_newest_default(tx, user_id)


def etag_of(address: AnyRow) -> str:
    """Return the etag of an address."""
    content = snapshot(address)
    metadata = metadata_json(content.pop("metadata", None))
    return etag_of_content(address.version, *content.values(), address.is_default, metadata)


def get_for_checkout(connection: Connection, user_id: int, address_id: int | None) -> AnyRow:
    """Return the address that an order of the user goes to: the one with this id, or the default for 0 or None.

    Raises as `for_checkout` does.
    """
    row = (
        address_queries.address(connection, user_id, address_id)
        if address_id
        else address_queries.default_address(connection, user_id)
    )
    return for_checkout(connection, row, address_id)


def for_checkout(connection: Connection, row: AnyRow | None, address_id: int | None) -> AnyRow:
    """Return an address that was looked for by this id, or as the default, as one that an order can go to.

    Raises AddressNotFound when it is not the user's, and InvalidField when the user has no address at all, or its
    country is none: it decides the tax. Addresses from imports and from before countries were checked may be so.
    """
    if row is None:
        if address_id:
            raise AddressNotFound(address_id=address_id)
        raise InvalidField(("address_id", "you have no address yet; create one first", FieldReason.REQUIRED))
    problem = country_problem(row.country) if row.country else "is not known"
    if problem is not None:
        raise InvalidField(("address_id", f"the country of the address {row.id} {problem}; correct it first"))
    return opened_row(vault_of(connection), row)


def snapshot(address: AnyRow) -> AddressSnapshot:
    """An address, which lies open, as plain JSON values, for an order to keep: later changes must not move it."""
    copy = AddressSnapshot(
        id=address.id,
        label=address.label,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        country=address.country,
        lat=address.lat,
        lng=address.lng,
    )
    if address.custom_metadata:
        copy["metadata"] = address.custom_metadata
    return copy


def _complete(values: Mapping[str, object]) -> dict[str, object]:
    """`values` tidied, and the country's code in capitals.

    Raises InvalidField when a required one is there and blank, and when the country is none.
    """
    tidy = tidied(values, required=REQUIRED, prefix="address.")
    if "country" in tidy:
        tidy["country"] = country_code(tidy["country"], "address.country")
    return tidy
