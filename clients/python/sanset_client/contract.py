"""The contract's facts about each RPC: its path, who may call it, and whether it may be repeated."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import sanset.v1
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from sanset.v1 import access_pb2

CART_TOKEN = "x-cart-token"  # noqa: S105 - the name of the metadata
"""The metadata that names a guest's cart."""
DEVICE_ID = "x-device-id"
"""The metadata by which the server knows where its user signed in before."""

REPEATABLE = (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)
SIGN_OUT = "/sanset.v1.AuthService/Logout"
"""Repeated as well: a repeat is refused because the session is over, which is what was wanted."""


Metadata = Iterable[tuple[str, str | bytes]] | None


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of the contract.

    path: "/sanset.v1.OrderService/Checkout".
    repeatable: whether repeating it is safe: it is declared so (`idempotency_level`), or has a request id.
    streams: whether it has many replies.
    authorized: whether the server reads an access token.
    takes_request_id: whether its request has a `request_id`.
    takes_cart_token: whether the token of a guest's cart selects the cart.
    takes_device_id: whether a device on which the user signed in before is treated better.
    """

    path: str
    repeatable: bool = False
    streams: bool = False
    authorized: bool = False
    takes_request_id: bool = False
    takes_cart_token: bool = False
    takes_device_id: bool = False

    def sealed(self, request: Message) -> Message:
        """Give a request that should have a `request_id` and has none a new one, in a copy of it.

        One purchase is one id whatever the number of attempts, so this happens before the first.
        """
        if not self.takes_request_id or getattr(request, "request_id"):  # noqa: B009 - the type is not known
            return request
        copy: Any = type(request)()
        copy.CopyFrom(request)
        copy.request_id = str(uuid.uuid4())
        return copy  # type: ignore[no-any-return]


class Contract:
    """The methods of every service, read from their descriptors."""

    def __init__(self) -> None:
        self._rpcs = {rpc.path: rpc for rpc in map(_rpc, _methods())}

    def rpc(self, path: str | bytes, metadata: Metadata = None) -> Rpc:
        """Return what is known of a path; of a foreign one: no token, no repeating.

        A call whose `metadata` has an authorization, a cart's token or a device's id already needs none.
        """
        text = path.decode() if isinstance(path, bytes) else path
        rpc = self._rpcs.get(text) or Rpc(text)
        sent = {key for key, _ in metadata or ()}
        if "authorization" in sent:
            rpc = replace(rpc, authorized=False)
        if CART_TOKEN in sent:
            rpc = replace(rpc, takes_cart_token=False)
        if DEVICE_ID in sent:
            rpc = replace(rpc, takes_device_id=False)
        return rpc


def _methods() -> Iterator[MethodDescriptor]:
    for module in iter_modules(sanset.v1.__path__):
        if module.name.endswith("_pb2"):
            services = import_module(f"sanset.v1.{module.name}").DESCRIPTOR.services_by_name
            for service in services.values():
                yield from service.methods


def _rpc(method: MethodDescriptor) -> Rpc:
    options = method.GetOptions()
    path = f"/{method.containing_service.full_name}/{method.name}"
    takes_request_id = "request_id" in method.input_type.fields_by_name
    rule = options.Extensions[access_pb2.access]
    of_guests = (
        method.containing_service.name == "CartService" and rule.level == access_pb2.AccessRule.OPTIONAL
    )
    return Rpc(
        path=path,
        repeatable=options.idempotency_level in REPEATABLE or takes_request_id or path == SIGN_OUT,
        streams=method.server_streaming,
        authorized=rule.level != access_pb2.AccessRule.PUBLIC,
        takes_request_id=takes_request_id,
        takes_cart_token=of_guests or "cart_token" in method.input_type.fields_by_name,
        takes_device_id=method.containing_service.name == "AuthService"
        and rule.level == access_pb2.AccessRule.PUBLIC,
    )
