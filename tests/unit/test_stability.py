"""What was released stays: buf holds names, numbers and types, and these tests the rest of the promise."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from google.api import annotations_pb2, field_behavior_pb2, http_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet, MethodDescriptorProto, MethodOptions
from sanset.v1 import access_pb2
from sanset.v1.access_pb2 import AccessRule
from support.every import every

from server.identity import BUILT_IN

PROJECT = Path(__file__).parents[2]
PROTO = PROJECT / "proto"
BUF = Path(sys.executable).parent / "buf"


def _version(image: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", image.stem)]


def _read(image: Path) -> FileDescriptorSet:
    return FileDescriptorSet.FromString(image.read_bytes())


TODAY = _read(PROJECT / "generated/sanset/sanset.binpb")
RELEASES = sorted(PROTO.glob("releases/*.binpb"), key=_version)
RELEASED = _read(RELEASES[-1]) if RELEASES else TODAY
"""The newest release; before the first one the tests see that the contract keeps its promises to itself."""


SHOPS_HAD_ROLES = any(service.name == "RoleService" for file in RELEASED.file for service in file.service)
"""Whether shops of the release made roles of permissions. Before that they were what three roles had, and one
could become two: who had the one has both."""


def _holders(permission: AccessRule.Permission.ValueType) -> set[str]:
    """The roles of every shop that have a permission."""
    named = AccessRule.Permission.Name(permission)
    return {role.name for role in BUILT_IN.values() if named in role.permissions}


@dataclass(frozen=True)
class Promise:
    """What a method promises beside its name and its types."""

    bindings: frozenset[tuple[str, str, str]]
    access: AccessRule
    idempotency: int

    def holds(self, released: Promise) -> bool:
        """Whether callers of the released method can go on as they did."""
        return (
            released.bindings <= self.bindings
            and _is_no_stricter(self.access, released.access)
            and released.idempotency in (MethodOptions.IDEMPOTENCY_UNKNOWN, self.idempotency)
        )


def _is_no_stricter(rule: AccessRule, released: AccessRule) -> bool:
    if rule.permission and released.permission and not SHOPS_HAD_ROLES:
        return _holders(released.permission) <= _holders(rule.permission)
    if rule.permission:
        return rule.permission == released.permission
    return bool(released.permission) or rule.level <= released.level


def _promises(image: FileDescriptorSet) -> dict[str, Promise]:
    return {
        f"{service.name}.{method.name}": _promise(method)
        for file in image.file
        for service in file.service
        for method in service.method
    }


def _promise(method: MethodDescriptorProto) -> Promise:
    http = method.options.Extensions[annotations_pb2.http]
    return Promise(
        frozenset(_binding(rule) for rule in (http, *http.additional_bindings)),
        method.options.Extensions[access_pb2.access],
        method.options.idempotency_level,
    )


def _binding(rule: http_pb2.HttpRule) -> tuple[str, str, str]:
    verb = str(rule.WhichOneof("pattern"))
    return verb, str(getattr(rule, verb)), rule.body


def _fields(image: FileDescriptorSet) -> dict[str, bool]:
    """Every field by its name, and whether it is required."""
    return {
        f"{message.name}.{field.name}": field_behavior_pb2.REQUIRED
        in field.options.Extensions[field_behavior_pb2.field_behavior]
        for file in image.file
        if file.package == "sanset.v1"
        for message in file.message_type
        for field in message.field
    }


NOW, THEN = _promises(TODAY), _promises(RELEASED)


@every("name", THEN.keys())
def test_a_released_method_is_reached_guarded_and_repeated_as_it_was(name: str) -> None:
    assert NOW[name].holds(THEN[name])


def test_no_released_field_became_required() -> None:
    now, then = _fields(TODAY), _fields(RELEASED)
    assert not [name for name, required in then.items() if now[name] and not required]


def test_these_tests_see_a_promise_that_is_broken() -> None:
    promise = NOW["CartService.AddItem"]
    guarded = AccessRule(level=AccessRule.SIGNED_IN)
    assert promise.access.level == AccessRule.OPTIONAL
    assert not replace(promise, access=guarded).holds(promise)
    assert not replace(promise, bindings=frozenset()).holds(promise)
    assert not replace(promise, idempotency=0).holds(replace(promise, idempotency=MethodOptions.IDEMPOTENT))
    assert promise.holds(replace(promise, access=guarded, bindings=frozenset(), idempotency=0))


# ── buf breaking, as make check calls it ────────────────────────────────────────────────────────────────


def _breaking(released: FileDescriptorSet, scratch: Path) -> subprocess.CompletedProcess[str]:
    image = scratch / "released.binpb"
    image.write_bytes(released.SerializeToString())
    return subprocess.run(
        [BUF, "breaking", "--path", "sanset/v1", "--against", image],
        cwd=PROTO,
        capture_output=True,
        text=True,
        check=False,
    )


def _another() -> FileDescriptorSet:
    copy = FileDescriptorSet()
    copy.CopyFrom(TODAY)
    return copy


def test_a_field_that_was_released_cannot_be_taken_away(tmp_path: Path) -> None:
    released = _another()
    (payment,) = (file for file in released.file if file.name == "sanset/v1/payment.proto")
    payment.message_type[0].field.add(
        name="colour", json_name="colour", number=99, type="TYPE_STRING", label="LABEL_OPTIONAL"
    )
    refusal = _breaking(released, tmp_path)
    assert refusal.returncode != 0
    assert 'Previously present field "99" with name "colour"' in refusal.stdout


def test_what_is_added_breaks_nobody(tmp_path: Path) -> None:
    released = _another()
    (payment,) = (file for file in released.file if file.name == "sanset/v1/payment.proto")
    del payment.message_type[0].field[-1]  # as if the last field, method and value were new
    del payment.message_type[0].enum_type[0].value[-1]
    del payment.service[0].method[-1]
    accepted = _breaking(released, tmp_path)
    assert accepted.returncode == 0, accepted.stdout


def test_imported_protos_may_be_renewed(tmp_path: Path) -> None:
    released = _another()
    (money,) = (file for file in released.file if file.name == "google/type/money.proto")
    money.options.java_package = "com.example"
    assert _breaking(released, tmp_path).returncode == 0
