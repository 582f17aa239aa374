"""The protos suit every language: package options, names that clash nowhere, and imports that lie beside them."""

from __future__ import annotations

import json
import re
from importlib.metadata import files
from pathlib import Path

import pytest
from google.api import annotations_pb2, field_behavior_pb2, http_pb2, httpbody_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    FileOptions,
    MethodOptions,
)
from google.rpc import error_details_pb2, status_pb2
from google.type import money_pb2
from protovalidate._gen.buf.validate import validate_pb

PROJECT = Path(__file__).parents[2]
PROTO = PROJECT / "proto"
IMAGE = FileDescriptorSet.FromString((PROJECT / "generated/sanset.binpb").read_bytes())
LEAN = FileDescriptorSet.FromString((PROJECT / "generated/sanset/sanset.binpb").read_bytes())
FILES = {file.name: file for file in IMAGE.file}
BUILT_IN = {name for name in FILES if name.startswith("google/protobuf/")}
"""What every compiler brings itself."""
OURS = [file for file in IMAGE.file if file.package == "sanset.v1"]
NAMES = [file.name for file in OURS]

GOOGLE = (
    annotations_pb2,
    field_behavior_pb2,
    http_pb2,
    httpbody_pb2,
    money_pb2,
    error_details_pb2,
    status_pb2,
)

RUBY_METHODS = frozenset(
    {
        "class", "clone", "display", "dup", "extend", "freeze", "hash", "inspect", "itself", "method", "methods",
        "object_id", "public_send", "send", "tap", "then",
    }
)  # fmt: skip
"""What every object of Ruby answers already: a field of such a name is read as `message["name"]`."""

READ_BY_KEY_IN_RUBY = {"Payment.method"}
"""Named by the shop's JSON; docs/clients.md says how Ruby reads it."""


# ── Package options ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", OURS, ids=NAMES)
def test_every_file_names_its_package_in_every_language(file: FileDescriptorProto) -> None:
    stem = file.name.removeprefix("sanset/v1/").removesuffix(".proto")
    assert file.options == FileOptions(
        csharp_namespace="Sanset.V1",
        go_package="github.com/sanset-dev/sanset/gen/go/sanset/v1;sansetv1",
        java_multiple_files=True,
        java_outer_classname="".join(word.capitalize() for word in stem.split("_")) + "Proto",
        java_package="dev.sanset.v1",
        objc_class_prefix="SNS",
        php_metadata_namespace=r"Sanset\V1\GPBMetadata",
        php_namespace=r"Sanset\V1",
        ruby_package="Sanset::V1",
        swift_prefix="Sanset_V1_",
    )


def test_no_class_of_a_file_has_the_name_of_another() -> None:
    """Java and Kotlin put the classes of files, messages, enums and services into one package."""
    names = [file.options.java_outer_classname for file in OURS]
    for file in OURS:
        names += [each.name for each in (*file.message_type, *file.enum_type, *file.service)]
    lowered = [name.lower() for name in names]  # files of some systems differ by more than case
    assert len(set(lowered)) == len(lowered)


def test_no_field_hides_behind_a_method_of_ruby() -> None:
    fields = {
        f"{message.name}.{field.name}"
        for file in OURS
        for top in file.message_type
        for message in (top, *top.nested_type)
        for field in message.field
        if field.name in RUBY_METHODS
    }
    assert fields == READ_BY_KEY_IN_RUBY


# ── Imports ─────────────────────────────────────────────────────────────────────────────────────────────


def _declared(file: FileDescriptorProto) -> FileDescriptorProto:
    """The file without what compilers and languages add to it."""
    bare = FileDescriptorProto()
    bare.CopyFrom(file)
    bare.ClearField("source_code_info")
    bare.ClearField("options")
    for message in bare.message_type:
        _drop_json_names(message)
    for extension in bare.extension:
        extension.ClearField("json_name")
    return bare


def _drop_json_names(message: DescriptorProto) -> None:
    for field in (*message.field, *message.extension):
        field.ClearField("json_name")
    for nested in message.nested_type:
        _drop_json_names(nested)


@pytest.mark.parametrize("module", GOOGLE, ids=lambda module: module.DESCRIPTOR.name)
def test_googles_protos_are_those_of_the_package(module: object) -> None:
    descriptor = getattr(module, "DESCRIPTOR")  # noqa: B009 - generated modules have no common type
    assert isinstance(descriptor, FileDescriptor)
    (packaged,) = (
        path
        for path in files("googleapis-common-protos") or ()
        if path.as_posix() == descriptor.name  # the wheel carries the texts
    )
    assert (PROTO / descriptor.name).read_text("utf-8") == packaged.read_text("utf-8")


def test_the_rules_on_fields_are_those_that_the_server_enforces() -> None:
    packaged = FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    assert _declared(FILES["buf/validate/validate.proto"]) == _declared(packaged)


def test_everything_that_the_contract_imports_lies_beside_it() -> None:
    imported = {name for file in IMAGE.file for name in file.dependency}
    assert not [name for name in imported - BUILT_IN if not (PROTO / name).exists()]


def test_no_imported_proto_is_left_over() -> None:
    assert {path.relative_to(PROTO).as_posix() for path in PROTO.rglob("*.proto")} == FILES.keys() - BUILT_IN


# ── What is generated beside the code ───────────────────────────────────────────────────────────────────


def test_integrators_get_the_comments_and_envoy_the_same_without() -> None:
    assert all(file.HasField("source_code_info") for file in OURS)
    assert not any(file.HasField("source_code_info") for file in LEAN.file)
    bare = FileDescriptorSet()
    bare.CopyFrom(IMAGE)
    for file in bare.file:
        file.ClearField("source_code_info")
    (details,) = (file for file in bare.file if file.name == "google/rpc/error_details.proto")
    (request_info,) = (message for message in details.message_type if message.name == "RequestInfo")
    assert request_info.field.pop().name == "serving_data", "Envoy prints no fact that no error has"
    lean = FileDescriptorSet()
    lean.CopyFrom(LEAN)
    (status,) = (file for file in lean.file if file.name == "google/rpc/status.proto")
    assert status.message_type[0].field.pop().name == "status", "Envoy prints the name of a code"
    assert bare == lean


def test_the_service_config_names_every_call_once_and_repeats_the_safe_ones() -> None:
    config = json.loads((PROJECT / "generated/sanset/service_config.json").read_text("utf-8"))
    repeated, others = (
        {f"{name['service']}/{name['method']}" for name in group["name"]} for group in config["methodConfig"]
    )
    safe = (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)
    levels = {
        f"{file.package}.{service.name}/{method.name}": method.options.idempotency_level
        for file in OURS
        for service in file.service
        for method in service.method
        if not method.server_streaming
    }
    assert repeated == {path for path, level in levels.items() if level in safe}
    assert others == levels.keys() - repeated
    assert all(re.fullmatch(r"\d+s", group["timeout"]) for group in config["methodConfig"])
