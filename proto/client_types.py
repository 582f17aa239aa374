"""Says the types of the protos' fields as annotations of the Python client."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

Field = FieldDescriptorProto
FRACTIONS = frozenset({Field.TYPE_DOUBLE, Field.TYPE_FLOAT})
OTHERS = {Field.TYPE_BOOL: "bool", Field.TYPE_STRING: "str", Field.TYPE_BYTES: "bytes"}


@dataclass(frozen=True, slots=True)
class Annotation:
    """The text of an annotation, and what must stand at the head of its module.

    modules: what it imports, such as "sanset.v1.cart_pb2" or "collections.abc.Iterable".
    names: its aliases for the names of an enum's values, each with its values.
    """

    text: str
    modules: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)


class Types:
    """Every message and enum of the files, also those inside messages."""

    def __init__(self, image: FileDescriptorSet) -> None:
        self._messages: dict[str, tuple[FileDescriptorProto, DescriptorProto]] = {}
        self._enums: dict[str, tuple[FileDescriptorProto, EnumDescriptorProto]] = {}
        for file in image.file:
            self._add(file, f".{file.package}", file)

    def message(self, type_name: str) -> DescriptorProto:
        """Return a message by its full name, which begins with a dot."""
        return self._messages[type_name][1]

    def reference(self, type_name: str) -> Annotation:
        """Return how a module refers to a message or enum."""
        file, _ = self._messages.get(type_name) or self._enums[type_name]
        module = file.name.removesuffix(".proto").replace("/", ".") + "_pb2"
        path = type_name.removeprefix(f".{file.package}.")
        return Annotation(f"{module.rpartition('.')[2]}.{path}", {module})

    def annotation(self, part: FieldDescriptorProto) -> Annotation:
        """Return the type of the argument for a field."""
        if part.label != Field.LABEL_REPEATED:
            return self._single(part)
        entry = self._messages.get(part.type_name)
        if entry and entry[1].options.map_entry:
            key, value = map(self._single, entry[1].field)
            return Annotation(
                f"Mapping[{key.text}, {value.text}]", value.modules | {"collections.abc.Mapping"}, value.names
            )
        item = self._single(part)
        return Annotation(f"Iterable[{item.text}]", item.modules | {"collections.abc.Iterable"}, item.names)

    def _single(self, part: FieldDescriptorProto) -> Annotation:
        if part.type == Field.TYPE_ENUM:
            return self._enum(part.type_name)
        if part.type == Field.TYPE_MESSAGE:
            return self.reference(part.type_name)
        return Annotation(OTHERS.get(part.type) or ("float" if part.type in FRACTIONS else "int"))

    def _enum(self, type_name: str) -> Annotation:
        """An enum's number, or the name of one of its values."""
        reference = self.reference(type_name)
        alias = reference.text.partition(".")[2].replace(".", "") + "Name"
        values = ", ".join(f'"{value.name}"' for value in self._enums[type_name][1].value)
        return Annotation(f"{reference.text}.ValueType | {alias}", reference.modules, {alias: values})

    def _add(
        self, file: FileDescriptorProto, scope: str, parent: FileDescriptorProto | DescriptorProto
    ) -> None:
        for enum in parent.enum_type:
            self._enums[f"{scope}.{enum.name}"] = (file, enum)
        messages = parent.message_type if isinstance(parent, FileDescriptorProto) else parent.nested_type
        for message in messages:
            self._messages[f"{scope}.{message.name}"] = (file, message)
            self._add(file, f"{scope}.{message.name}", message)


def snake(name: str) -> str:
    """Return `GetProduct` as `get_product`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
