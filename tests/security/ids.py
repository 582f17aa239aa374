"""Ids in requests: how a test gets one of something that is there, and what others are told who name it.

They are found by their names: `order_id`, or `order.id` in the path of an update, is an order's, whatever the RPC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any, Final

import samples
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from support.running_shop import Account
from world import METHODS, World

from server.contract import bindings_of


@dataclass(frozen=True)
class Id:
    """What an id names.

    `make` returns the id of something that an account may name. What belongs to a user is not there for others, by
    the `reason`, like an id that there `never` was. Without a reason it belongs to nobody.
    """

    make: Callable[[World, Account], int | str]
    reason: str = ""
    never: int | str = 2**62


IDS: Final[Mapping[str, Id]] = MappingProxyType({
    "address_id": Id(World.address_of, "ADDRESS_NOT_FOUND"),
    "cart_token": Id(samples.synced_cart_token, "CART_NOT_FOUND", never="f" * 43),
    "identity_id": Id(samples.identity_id, "IDENTITY_NOT_FOUND"),
    "item_id": Id(World.filled_cart, "CART_ITEM_NOT_FOUND"),
    "order_id": Id(samples.order_id, "ORDER_NOT_FOUND"),
    "passkey_id": Id(samples.passkey_id, "PASSKEY_NOT_FOUND"),
    "payment_method_id": Id(samples.payment_method_id, "PAYMENT_METHOD_NOT_FOUND"),
    "refund_id": Id(samples.refund_id, "REFUND_NOT_FOUND"),
    "review_id": Id(samples.review_id, "REVIEW_NOT_FOUND"),
    "return_id": Id(lambda world, caller: samples.requested_return(world, caller).id, "RETURN_NOT_FOUND"),
    "session_id": Id(samples.session_id, "SESSION_NOT_FOUND", never="f" * 32),
    "user_id": Id(lambda world, caller: caller.user_id, "USER_NOT_FOUND"),
    # The shop's, or a vendor's
    "alert_id": Id(lambda world, caller: world.alert_id()),
    "category_id": Id(lambda world, caller: world.category().id),
    "coupon_id": Id(lambda world, caller: samples.coupon_of(world).id),
    "delivery_id": Id(lambda world, caller: world.delivery_id()),
    "endpoint_id": Id(lambda world, caller: world.endpoint().id),
    "from_location_id": Id(lambda world, caller: 1),
    "import_id": Id(samples.import_id, "IMPORT_NOT_FOUND"),
    "gift_card_id": Id(lambda world, caller: samples.gift_card(world).id),
    "image_id": Id(samples.image_id),
    "location_id": Id(lambda world, caller: world.location().id),
    "product_id": Id(samples.product_id),
    "api_key_id": Id(lambda world, caller: 1),
    "service_account_id": Id(lambda world, caller: samples.service_account(world).id),
    "role_id": Id(lambda world, caller: samples.role(world).id),
    "to_location_id": Id(lambda world, caller: world.store.id),
    "segment_id": Id(lambda world, caller: samples.segment_id(world)),
    "synonym_id": Id(lambda world, caller: samples.synonym_id(world)),
    "training_id": Id(lambda world, caller: world.training_id),
    # This shop has none
    "experiment_id": Id(lambda world, caller: 1),
    "model_id": Id(lambda world, caller: 1),
})  # fmt: skip
"""By the name of the field."""

NOBODYS: Final = frozenset({
    "product_ids", "image_ids", "variant_id", "parent_id", "slug", "vendor_id",  # of the catalogue
    "code",  # a coupon is the shop's, and a gift card is its bearer's: who has the code may know the balance
    "number",  # narrows a list of orders, whoever may see that
    "payment_token", "payment_method_token",  # of the gateway
    "request_id", "visitor_id", "page_token", "attribution_token",  # made by the client, or sealed by the shop
})  # fmt: skip
"""Names of fields by which nothing is found that belongs to a user."""

_NAMES_SOMETHING: Final = re.compile(r"(.*_)?(id|ids|token)|code|number")
_VARIABLE: Final = re.compile(r"\{([^}]+)\}")


def names_something(name: str) -> bool:
    """Whether a field is an id, by its name."""
    return _NAMES_SOMETHING.fullmatch(name) is not None


def named_ids(method: str) -> tuple[str, ...]:
    """The paths of the ids by which a request names something: those beside its resources, and in its URL."""
    message = METHODS[method].input_type
    beside = [field.name for field in message.fields if names_something(field.name)]
    return tuple(dict.fromkeys([*beside, *_variables(method)]))


def nested_ids(method: str) -> Iterator[str]:
    """The paths of the ids within a request's messages, of lines and events; a resource's own is in the URL."""
    return _ids_within(METHODS[method].input_type)


def name_of(path: str) -> str:
    """The name under which an id is in IDS: an `address.id` is an `address_id`."""
    *_, owner, name = ("", *path.split("."))
    return f"{owner}_{name}" if name in ("id", "token") else name


def is_set(request: Message, path: str) -> bool:
    """Whether a request has an id."""
    return bool(reduce(getattr, path.split("."), request))


def set_field(request: Message, path: str, value: object) -> None:
    """Put a value into a request."""
    *within, name = path.split(".")
    holder: Any = reduce(getattr, within, request)
    setattr(holder, name, value)


def is_required(field: FieldDescriptor) -> bool:
    """Whether a request has to have a field."""
    return field_behavior_pb2.REQUIRED in _behaviors(field)


def _variables(method: str) -> Iterator[str]:
    for binding in bindings_of(METHODS[method]):
        yield from _VARIABLE.findall(binding.path)


def _ids_within(message: Descriptor) -> Iterator[str]:
    for field in message.fields:
        inner = field.message_type
        if inner is None or not inner.full_name.startswith("sanset.") or _is_output(field):
            continue
        for each in inner.fields:
            if names_something(each.name) and not _is_output(each):
                yield f"{field.name}.{each.name}"
        yield from (f"{field.name}.{path}" for path in _ids_within(inner))


def _is_output(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.OUTPUT_ONLY in _behaviors(field)


def _behaviors(field: FieldDescriptor) -> Collection[int]:
    return field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
