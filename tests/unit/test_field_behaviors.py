"""What the contract says of its fields beside their types: who fills them, and what a request must have."""

from __future__ import annotations

from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from support.every import every

from server.contract import METHODS

OUTPUT_ONLY, REQUIRED = field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.REQUIRED
IMMUTABLE, INPUT_ONLY = field_behavior_pb2.IMMUTABLE, field_behavior_pb2.INPUT_ONLY

MADE_BY_THE_SERVER = {"id", "create_time", "update_time"}
NAMES_ANOTHER = {"Shipment.id": "the parcel that is corrected"}
"""Ids that clients send of something else than the resource that a request is about."""

NEEDS_NO_RULE = {"google.api.HttpBody": "its signature is checked, or it is decoded, whatever it holds"}


def _behaviors(field: FieldDescriptor) -> set[int]:
    return set(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def _name(field: FieldDescriptor) -> str:
    return f"{field.containing_type.name}.{field.name}"


def _sent(message: Descriptor, seen: dict[str, Descriptor]) -> None:
    """Add the messages that a client fills, the request itself and those within it."""
    if message.full_name in seen or not message.full_name.startswith("sanset."):
        return
    seen[message.full_name] = message
    for field in message.fields:
        if field.message_type is not None and OUTPUT_ONLY not in _behaviors(field):
            _sent(field.message_type, seen)


def _fields(messages: dict[str, Descriptor]) -> list[FieldDescriptor]:
    return [field for message in messages.values() for field in message.fields]


SENT: dict[str, Descriptor] = {}
for _method in METHODS:
    _sent(_method.input_type, SENT)
each_field = every("field", {field.full_name: field for field in _fields(SENT)})
REQUESTS = {method.input_type.full_name for method in METHODS}


def _is_demanded(field: FieldDescriptor) -> bool:
    """Whether the rules of a field refuse a request that leaves it out."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
        return False
    if rules.required or field.has_presence:
        return bool(rules.required)
    if field.is_repeated:
        return rules.repeated.min_items > 0
    if field.enum_type is not None:
        return 0 in rules.enum.not_in
    if field.type == FieldDescriptor.TYPE_STRING:
        return bool(rules.string.min_len or rules.string.uuid or rules.string.email)
    numbers = {FieldDescriptor.TYPE_INT32: rules.int32, FieldDescriptor.TYPE_INT64: rules.int64}.get(
        field.type
    )
    if numbers is None:
        return False
    return 0 in numbers.not_in or (numbers.HasField("gt") and numbers.gt >= 0) or numbers.gte > 0


@each_field
def test_what_a_request_cannot_do_without_is_required_and_the_other_way_round(field: FieldDescriptor) -> None:
    says = REQUIRED in _behaviors(field)
    if _is_demanded(field):
        # The id of a resource in an update: demanded there, and made by the server on create.
        assert says or (field.name == "id" and OUTPUT_ONLY in _behaviors(field)), "say REQUIRED"
    elif field.containing_type.full_name in REQUESTS and says:
        # Within a resource it is the service that demands it: an update may leave it out.
        assert field.message_type is not None
        assert field.message_type.full_name in NEEDS_NO_RULE, "it says REQUIRED, and no rule demands it"


@each_field
def test_what_a_field_is_said_to_be_is_no_contradiction(field: FieldDescriptor) -> None:
    behaviors = _behaviors(field)
    assert field_behavior_pb2.OPTIONAL not in behaviors, "that goes without saying"
    if OUTPUT_ONLY in behaviors:
        assert behaviors == {OUTPUT_ONLY}
    if INPUT_ONLY in behaviors:
        assert OUTPUT_ONLY not in behaviors


def test_what_the_server_makes_is_output_only() -> None:
    resources = {name: message for name, message in SENT.items() if name not in REQUESTS}
    loose = {
        _name(field)
        for field in _fields(resources)
        if field.name in MADE_BY_THE_SERVER and OUTPUT_ONLY not in _behaviors(field)
    }
    assert loose == NAMES_ANOTHER.keys()


def test_what_cannot_be_changed_says_so() -> None:
    """Codes and instruments are fixed once created; an update that names them is refused."""
    fixed = {_name(field) for field in _fields(SENT) if IMMUTABLE in _behaviors(field)}
    assert fixed >= {
        "Coupon.code", "GiftCard.balance", "PaymentMethod.kind", "PaymentMethod.token", "PaymentMethod.brand",
        "PaymentMethod.last_four", "Product.stock",
    }  # fmt: skip
