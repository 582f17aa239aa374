"""Profiles, addresses and payment methods: protobuf to plain values and back."""

from __future__ import annotations

from google.protobuf import json_format
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from sanset.v1 import payment_method_pb2 as methods
from sanset.v1 import user_pb2 as pb
from sanset.v1.access_pb2 import AccessRule
from sanset.v1.payment_pb2 import Payment

from server.db.base import AnyRow
from server.identity import BUILT_IN, Role
from server.rpc.custom_metadata import metadata_column, metadata_of, metadata_to_wire
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import time_to_wire
from server.user import addresses, payment_methods, service
from server.user.payment_methods import NewPaymentMethod


def user_to_wire(row: AnyRow, role: Role = Role.CUSTOMER) -> pb.User:
    """An account as its owner sees it, who has `role`."""
    preferences = Struct()
    preferences.update(row.preferences)
    return pb.User(
        id=row.id,
        email=row.email,
        username=row.username or "",
        full_name=row.full_name,
        phone=row.phone,
        role=pb.User.Role.Value(row.role if row.role in BUILT_IN else "STAFF"),
        role_name=row.role,
        permissions=sorted(AccessRule.Permission.Value(each) for each in role.permissions),
        preferences=preferences,
        metadata=metadata_to_wire(row.custom_metadata),
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
        etag=service.etag_of(row),
        is_verified=row.email_verify_time is not None,
    )


def profile_changes(request: pb.UpdateMeRequest) -> dict[str, object]:
    """Return what UpdateMe changes, by column. Raises InvalidUpdateMask."""
    values = masked_values(
        request.user,
        request.update_mask,
        "user",
        preferences=lambda user: json_format.MessageToDict(user.preferences),
        metadata=lambda user: metadata_of(user.metadata),
    )
    return metadata_column(values)


def address_to_wire(row: AnyRow) -> pb.Address:
    """An address as its user sees it."""
    return pb.Address(
        id=row.id,
        label=row.label,
        line1=row.line1,
        line2=row.line2,
        city=row.city,
        state=row.state,
        postal_code=row.postal_code,
        country=row.country,
        lat=row.lat,
        lng=row.lng,
        is_default=row.is_default,
        metadata=metadata_to_wire(row.custom_metadata),
        create_time=time_to_wire(row.created_at),
        etag=addresses.etag_of(row),
    )


def payment_method_to_wire(row: AnyRow) -> methods.PaymentMethod:
    """A saved payment method as its owner sees it: never its token."""
    return methods.PaymentMethod(
        id=row.id,
        kind=Payment.Method.Value(row.kind),
        brand=row.brand,
        last_four=row.last_four,
        is_default=row.is_default,
        create_time=time_to_wire(row.created_at),
        etag=payment_methods.etag_of(row),
    )


def payment_method_from_wire(method: methods.PaymentMethod) -> NewPaymentMethod:
    """A payment method to save."""
    return NewPaymentMethod(
        kind=Payment.Method.Name(method.kind) if method.kind else "",
        token=method.token,
        brand=method.brand,
        last_four=method.last_four,
        is_default=method.is_default,
    )


def payment_method_changes(request: methods.UpdatePaymentMethodRequest) -> dict[str, bool]:
    """Return what UpdatePaymentMethod changes, by column. Raises InvalidUpdateMask."""
    return masked_values(request.payment_method, request.update_mask, "payment_method", stays=("is_default",))


def address_values(address: pb.Address) -> dict[str, object]:
    """Every field of a new address, by column. Raises InvalidField for what is required and absent."""
    return _address_values(address, EVERYTHING)


def address_changes(request: pb.UpdateAddressRequest) -> dict[str, object]:
    """Return what UpdateAddress changes, by column. Raises InvalidUpdateMask."""
    return _address_values(request.address, request.update_mask)


def _address_values(address: pb.Address, mask: FieldMask) -> dict[str, object]:
    values = masked_values(
        address,
        mask,
        "address",
        stays=("is_default",),
        lat=lambda sent: sent.lat if sent.HasField("lat") else None,
        lng=lambda sent: sent.lng if sent.HasField("lng") else None,
        metadata=lambda sent: metadata_of(sent.metadata),
    )
    return metadata_column(values)
