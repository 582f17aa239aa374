"""The shape of the standard methods: how resources are created, updated and read, and what streams say."""

from __future__ import annotations

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

from server.contract import METHODS

CREATES = [method for method in METHODS if method.name.startswith("Create")]
UPDATES = [method for method in METHODS if "update_mask" in method.input_type.fields_by_name]
READ_AS_MINE = {"User": "GetMe"}
"""Resources of which a caller has one."""


def _bodies(method: MethodDescriptor) -> set[str]:
    http = method.GetOptions().Extensions[annotations_pb2.http]
    return {rule.body for rule in (http, *http.additional_bindings)}


def _name(method: MethodDescriptor) -> str:
    return str(method.name)


@pytest.mark.parametrize("method", [*CREATES, *UPDATES], ids=_name)
def test_a_resource_is_sent_as_a_field_which_is_the_body(method: MethodDescriptor) -> None:
    resources = [field.name for field in method.input_type.fields if field.message_type == method.output_type]
    assert len(resources) == 1
    assert _bodies(method) == set(resources)


@pytest.mark.parametrize("method", [*CREATES, *UPDATES], ids=_name)
def test_what_is_created_or_updated_is_read_by_its_id(method: MethodDescriptor) -> None:
    resource = method.output_type.name
    get = next(each for each in METHODS if each.name == READ_AS_MINE.get(resource, f"Get{resource}"))
    assert get.output_type == method.output_type
    if resource not in READ_AS_MINE:
        assert any(
            field.name.endswith("_id") and field.type == FieldDescriptor.TYPE_INT64
            for field in get.input_type.fields
        )


NEVER_END = {"WatchInventory": {"end"}}
"""Streams of what goes on for as long as the shop does."""


def test_a_stream_has_messages_of_its_own_that_say_how_it_goes_on_and_ends() -> None:
    for method in METHODS:
        if not method.server_streaming or method.output_type.full_name == "google.api.HttpBody":
            continue
        assert method.output_type.name == f"{method.name}Response"
        (content,) = method.output_type.oneofs
        ends = {"end"} - NEVER_END.get(method.name, set())
        assert {"heartbeat", "reconnect"} | ends < {field.name for field in content.fields}


def test_shares_are_basis_points_and_never_floating_percentages() -> None:
    doubles = {
        f"{message.name}.{field.name}"
        for method in METHODS
        for message in (method.input_type, method.output_type)
        for field in message.fields
        if field.type == FieldDescriptor.TYPE_DOUBLE and "percent" in field.name
    }
    assert not doubles
