"""A method or service that is added to the protos is told apart by the gateway without a word elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto, MethodOptions
from google.protobuf.descriptor_pool import DescriptorPool
from sanset.v1 import access_pb2

from server.process.envoy.config import DESCRIPTOR_SET
from server.process.envoy.routes import expressions

NATIVE, HTTP = "/sanset.v1.PeekService/PeekCart", "/api/v1/cart/7/peek"


def _read(method: MethodDescriptorProto) -> None:
    method.options.idempotency_level = MethodOptions.NO_SIDE_EFFECTS


def _kept(method: MethodDescriptorProto) -> None:
    _read(method)
    method.options.Extensions[access_pb2.cacheable] = True


def _write(method: MethodDescriptorProto) -> None:
    method.options.idempotency_level = MethodOptions.IDEMPOTENT


def _stream(method: MethodDescriptorProto) -> None:
    _read(method)
    method.server_streaming = True


def _export(method: MethodDescriptorProto) -> None:
    _stream(method)
    method.output_type = ".google.api.HttpBody"


def _public(method: MethodDescriptorProto) -> None:
    _write(method)
    method.options.Extensions[access_pb2.access].level = access_pb2.AccessRule.PUBLIC


def _file(method: MethodDescriptorProto) -> None:
    _read(method)
    method.options.Extensions[access_pb2.access].level = access_pb2.AccessRule.PUBLIC
    method.options.Extensions[access_pb2.immutable] = True


def _search(method: MethodDescriptorProto) -> None:
    _read(method)
    method.options.Extensions[access_pb2.searches] = True


def _upload(method: MethodDescriptorProto) -> None:
    method.client_streaming = True


def _report(method: MethodDescriptorProto) -> None:
    _public(method)
    method.input_type = ".sanset.v1.ReceivePaymentWebhookRequest"
    method.options.Extensions[annotations_pb2.http].body = "payload"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (_read, {"READ_METHODS"}),
        (_kept, {"READ_METHODS", "CACHEABLE_PATHS"}),
        (_write, set()),
        (_stream, {"STREAM_METHODS", "STREAM_PATHS"}),
        (_export, {"EXPORT_METHODS", "EXPORT_PATHS"}),
        (_public, {"PUBLIC_PATHS"}),
        (_report, {"MACHINE_PATHS"}),
        (_file, {"READ_METHODS", "FILE_PATHS", "LIMITED_FILE_PATHS"}),
        (_search, {"READ_METHODS", "SEARCH_PATHS"}),
        (_upload, {"UPLOAD_PATHS", "UPLOAD_METHODS"}),
    ],
)
def test_a_new_method_is_known_by_what_it_declares(
    kind: Callable[[MethodDescriptorProto], None], expected: set[str]
) -> None:
    values = {name: json.loads(text) for name, text in expressions(_with_method(kind)).items()}
    assert "sanset.v1.PeekService" in values.pop("SERVICES")
    matching = {
        name for name, regex in values.items() for path in (NATIVE, HTTP) if re.fullmatch(regex, path)
    }
    assert matching == expected


def _with_method(declare: Callable[[MethodDescriptorProto], None]) -> list[MethodDescriptor]:
    """The methods of the shop with one service more, of one method."""
    files = FileDescriptorSet.FromString(DESCRIPTOR_SET.read_bytes())
    every_file = [file.name for file in files.file]
    file = files.file.add(
        name="sanset/v1/peek.proto", package="sanset.v1", syntax="proto3", dependency=every_file
    )
    method = file.service.add(name="PeekService").method.add(
        name="PeekCart", input_type=".sanset.v1.GetCartRequest", output_type=".sanset.v1.Cart"
    )
    method.options.Extensions[annotations_pb2.http].post = "/api/v1/cart/{token}/peek"
    declare(method)
    pool = DescriptorPool()
    for described in files.file:
        pool.Add(described)
    services = [
        pool.FindServiceByName(f"{each.package}.{service.name}")
        for each in files.file
        if each.package == "sanset.v1"
        for service in each.service
    ]
    return [method for service in services for method in service.methods]
