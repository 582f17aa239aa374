"""The descriptors as a document needs them: messages, enums and methods by name, with comments and options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

Json: TypeAlias = "dict[str, object]"
"""An object of the document, as it is written."""

REQUIRED, OUTPUT_ONLY, INPUT_ONLY, IMMUTABLE = 2, 3, 4, 5
"""Of google.api.FieldBehavior."""

_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6
_FIELDS, _NESTED_MESSAGES, _NESTED_ENUMS, _VALUES, _METHODS = 2, 3, 4, 2, 2
"""The numbers by which comments are found: of a file's fields, then of those of its messages, enums, services."""


@dataclass(frozen=True)
class Binding:
    """A verb and a path over HTTP, and the field that holds the body ("*": the whole request)."""

    verb: str
    path: str
    body: str


@dataclass(frozen=True)
class Call:
    """A method, its service, and its bindings, the first of them its own."""

    service: ServiceDescriptorProto
    method: MethodDescriptorProto
    bindings: tuple[Binding, ...]
    level: str
    permission: str
    is_cacheable: bool
    is_immutable: bool
    comment: str


class Contract:
    """All files of an image.

    The image is read by classes made of itself, so that the options are those of its own files and not of modules
    that were generated before.
    """

    def __init__(self, image: bytes) -> None:
        """`image` is a FileDescriptorSet."""
        self._pool = DescriptorPool()
        for file in FileDescriptorSet.FromString(image).file:
            self._pool.Add(file)
        kind = GetMessageClass(self._pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
        self._files: list[FileDescriptorProto] = list(kind.FromString(image).file)  # type: ignore[attr-defined]
        self.messages: dict[str, DescriptorProto] = {}
        self.enums: dict[str, EnumDescriptorProto] = {}
        self.comments: dict[str, str] = {}
        for file in self._files:
            self._read(file)

    def option(self, options: Message, name: str) -> Message:
        """The extension `name` of some options."""
        extension: Message = options.Extensions[self._pool.FindExtensionByName(name)]  # type: ignore[index]
        return extension

    def behaviors(self, field: FieldDescriptorProto) -> frozenset[int]:
        """The google.api.field_behavior of a field."""
        extension = self._pool.FindExtensionByName("google.api.field_behavior")
        return frozenset(field.options.Extensions[extension])  # type: ignore[index]

    def services(self) -> Iterator[ServiceDescriptorProto]:
        """Our services, file by file."""
        for file in self._files:
            yield from file.service

    def calls(self) -> Iterator[Call]:
        """Our methods, service by service."""
        for service in self.services():
            for method in service.method:
                access = self.option(method.options, "sanset.v1.access")
                yield Call(
                    service=service,
                    method=method,
                    bindings=tuple(self._bindings(method)),
                    level=_name_of(access, "level"),
                    permission=_name_of(access, "permission"),
                    is_cacheable=bool(self.option(method.options, "sanset.v1.cacheable")),
                    is_immutable=bool(self.option(method.options, "sanset.v1.immutable")),
                    comment=self.comments.get(f"{service.name}/{method.name}", ""),
                )

    def _bindings(self, method: MethodDescriptorProto) -> Iterator[Binding]:
        rule = self.option(method.options, "google.api.http")
        for each in (rule, *rule.additional_bindings):  # type: ignore[attr-defined]
            verb = each.WhichOneof("pattern")
            yield Binding(verb, getattr(each, verb), each.body)

    def _read(self, file: FileDescriptorProto) -> None:
        comments = {
            tuple(location.path): location.leading_comments.strip()
            for location in file.source_code_info.location
            if location.leading_comments
        }
        for number, message in enumerate(file.message_type):
            self._read_message(message, file.package, (_MESSAGES, number), comments)
        for number, enum in enumerate(file.enum_type):
            self._read_enum(enum, file.package, (_ENUMS, number), comments)
        for number, service in enumerate(file.service):
            self._note(service.name, comments, (_SERVICES, number))
            for place, method in enumerate(service.method):
                self._note(f"{service.name}/{method.name}", comments, (_SERVICES, number, _METHODS, place))

    def _read_message(
        self,
        message: DescriptorProto,
        scope: str,
        path: tuple[int, ...],
        comments: dict[tuple[int, ...], str],
    ) -> None:
        name = f"{scope}.{message.name}"
        self.messages[name] = message
        self._note(name, comments, path)
        for number, field in enumerate(message.field):
            self._note(f"{name}.{field.name}", comments, (*path, _FIELDS, number))
        for number, nested in enumerate(message.nested_type):
            self._read_message(nested, name, (*path, _NESTED_MESSAGES, number), comments)
        for number, enum in enumerate(message.enum_type):
            self._read_enum(enum, name, (*path, _NESTED_ENUMS, number), comments)

    def _read_enum(
        self,
        enum: EnumDescriptorProto,
        scope: str,
        path: tuple[int, ...],
        comments: dict[tuple[int, ...], str],
    ) -> None:
        name = f"{scope}.{enum.name}"
        self.enums[name] = enum
        self._note(name, comments, path)
        for number, value in enumerate(enum.value):
            self._note(f"{name}.{value.name}", comments, (*path, _VALUES, number))

    def _note(self, name: str, comments: dict[tuple[int, ...], str], path: tuple[int, ...]) -> None:
        if path in comments:
            self.comments[name] = paragraphs(comments[path])


def paragraphs(comment: str) -> str:
    """A comment without its line ends; those between paragraphs stay."""
    return "\n\n".join(" ".join(each.split()) for each in comment.split("\n\n"))


def first_sentence(comment: str) -> str:
    """The first sentence, without its full stop, as a title."""
    return comment.split("\n\n")[0].partition(". ")[0].removesuffix(".")


def _name_of(message: Message, field: str) -> str:
    """The name of the value that an enum field has."""
    number = getattr(message, field)
    enum = message.DESCRIPTOR.fields_by_name[field].enum_type
    assert enum is not None
    return enum.values_by_number[number].name
