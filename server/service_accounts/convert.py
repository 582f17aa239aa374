"""Service accounts and their keys: protobuf to plain values and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import service_account_pb2 as pb

from server.db.base import AnyRow
from server.etags import etag_of
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import time_to_wire


def account_to_wire(row: AnyRow, keys: Iterable[AnyRow]) -> pb.ServiceAccount:
    """A service account, with those of `keys` that are its own."""
    return pb.ServiceAccount(
        id=row.id,
        name=row.name,
        description=row.description,
        role=row.role,
        networks=row.networks,
        active=row.is_active,
        keys=[key_to_wire(key) for key in keys if key.account_id == row.id],
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
        etag=etag_of(row.version),
    )


def key_to_wire(row: AnyRow, key: str = "") -> pb.ApiKey:
    """A key; itself only when it was made just now."""
    return pb.ApiKey(
        id=row.id,
        hint=row.hint,
        key=key,
        create_time=time_to_wire(row.created_at),
        last_use_time=time_to_wire(row.last_used_at),
    )


def new_account_from_wire(account: pb.ServiceAccount) -> dict[str, Any]:
    """The columns of a service account to create."""
    return {"is_active": True, **_values(account, EVERYTHING)}


def account_changes(request: pb.UpdateServiceAccountRequest) -> dict[str, Any]:
    """What UpdateServiceAccount changes, by column. Raises InvalidUpdateMask and InvalidField."""
    return _values(request.service_account, request.update_mask)


def _values(account: pb.ServiceAccount, mask: FieldMask) -> dict[str, Any]:
    values = masked_values(
        account, mask, "service_account", stays=("active",), networks=lambda sent: list(sent.networks)
    )
    if "active" in values:
        values["is_active"] = values.pop("active")
    return values
