"""Writes the typed methods of the Python client, a module per service, from the descriptors of the protos."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from client_types import Types, snake
from google.protobuf.descriptor_pb2 import (
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

SERVICE, METHOD = 6, 2
"""The numbers of `service` in a FileDescriptorProto and `method` in a service, by which comments are found."""
OPTIONS = ("timeout", "metadata")
"""What every method takes besides the fields of its request."""
SINGULAR = frozenset(
    {
        "analytics",
        "audit",
        "auth",
        "catalog",
        "identity",
        "inventory",
        "media",
        "cart",
        "recommend",
        "second_factor",
        "settings",
        "user_admin",
    }
)
"""Services whose name is not the plural of their noun: `shop.catalog`, but `shop.orders`."""
SHORTCUTS = {"CartService": "CartShortcuts", "OrderService": "OrderShortcuts"}
"""Services with more methods than RPCs, and the classes that have them (`sanset_client/shortcuts.py`)."""

HEAD = '''\
"""{title}

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

'''


class ClientMethods:
    """The modules of `sanset_client/methods`, by name."""

    def __init__(self, image: FileDescriptorSet) -> None:
        """`image` holds every file, with its comments."""
        self._types = Types(image)
        self._services = [
            ServiceSource(file, number, service)
            for file in image.file
            if file.package == "sanset.v1"
            for number, service in enumerate(file.service)
        ]

    def modules(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each module, and its text."""
        yield "__init__.py", '"""The methods of the services, as the contract says them."""\n'
        for source in self._services:
            yield f"{source.module}.py", Module(self._types, source).text()
        yield "services.py", services(self._services)


@dataclass(frozen=True, slots=True)
class ServiceSource:
    """A service, and where its text and comments are."""

    file: FileDescriptorProto
    number: int
    service: ServiceDescriptorProto

    @property
    def noun(self) -> str:
        """Its name in the singular."""
        return snake(self.service.name.removesuffix("Service"))

    @property
    def module(self) -> str:
        """The name of its module: the noun, unless that is a word of Python's."""
        return self.attribute if keyword.iskeyword(self.noun) else self.noun

    @property
    def attribute(self) -> str:
        """Its name in a client."""
        return self.noun if self.noun in SINGULAR else f"{self.noun}s"

    @property
    def methods(self) -> str:
        """The class with its methods."""
        return SHORTCUTS.get(self.service.name, f"{_capitals(self.noun)}Methods")

    def comment(self, *path: int) -> str:
        """The comment of the service, or of what stands at `path` in it."""
        location = [SERVICE, self.number, *path]
        (comment,) = (
            part.leading_comments
            for part in self.file.source_code_info.location
            if list(part.path) == location
        )
        return "\n".join(line.strip() for line in comment.strip().splitlines())

    def sentence(self) -> str:
        """The first sentence of its comment, in one line."""
        sentence, _, _ = " ".join(self.comment().split()).partition(". ")
        return sentence.removesuffix(".") + "."

    def importing(self, stub: str, name: str) -> str:
        """Import its generated stub by a name."""
        module = self.file.name.removesuffix(".proto").replace("/", ".") + "_pb2_grpc"
        renamed = f" as {self.service.name}{name}" if stub != name else ""
        return f"from {module} import {self.service.name}{stub}{renamed}\n"

    def client_class(self, prefix: str, kind: str, stub: str) -> str:
        """The class of the service in one of the clients."""
        name = prefix + _capitals(self.attribute)
        return (
            f'class {name}({self.methods}, {kind}, {self.service.name}{stub}):\n    """{self.sentence()}"""\n'
        )


def _capitals(words: str) -> str:
    """The name of a class: "user_admin" as UserAdmin."""
    return "".join(word.capitalize() for word in words.split("_"))


@dataclass
class Module:
    """The module of one service: a function for each request, and a class with the methods."""

    types: Types
    source: ServiceSource
    imported: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The text of the module."""
        requests = [self._request(number, method) for number, method in enumerate(self.source.service.method)]
        lines = [line for method in self.source.service.method for line in self._methods(method)]
        kinds = sorted({line.split(" = ")[1].partition("(")[0] for line in lines})
        title = self.source.sentence()
        methods = f'class {_capitals(self.source.noun)}Methods:\n    """{title}"""\n\n' + "".join(lines)
        return "\n\n".join([self._head(title, kinds), *requests, methods])

    def _head(self, title: str, kinds: Iterable[str]) -> str:
        text = HEAD.format(title=title)
        if self.names:
            self.imported.add("typing.Literal")
        by_package = groupby(sorted(module.rpartition(".") for module in self.imported), lambda name: name[0])
        for package, modules in by_package:
            text += f"from {package} import {', '.join(name for _, _, name in modules)}\n"
        text += f"\nfrom sanset_client.rpc import Metadata, Prepared, {', '.join(kinds)}, prepare\n"
        if self.names:
            text += "\n" + "".join(
                f"{name} = Literal[{values}]\n" for name, values in sorted(self.names.items())
            )
        return text

    def _request(self, number: int, method: MethodDescriptorProto) -> str:
        request = self.types.message(method.input_type)
        arguments = {_argument(part.name): self._annotation(part) for part in request.field}
        signature = "".join(
            f"    {name}: {annotation} | None = None,\n" for name, annotation in arguments.items()
        )
        passed = "".join(
            f"        {part.name}={name},\n" for part, name in zip(request.field, arguments, strict=True)
        )
        return (
            f"def {snake(method.name)}(\n    *,\n{signature}"
            "    timeout: float | None = None,\n    metadata: Metadata = (),\n) -> Prepared:\n"
            f"{_docstring(self.source.comment(METHOD, number))}"
            f"    return prepare(\n        {self._reference(method.input_type)},\n"
            f"        timeout,\n        metadata,\n{passed}    )\n"
        )

    def _methods(self, method: MethodDescriptorProto) -> Iterator[str]:
        name, reply = snake(method.name), self._reference(method.output_type)
        kind = "Stream" if method.server_streaming else "Upload" if method.client_streaming else "Unary"
        yield f'    {name} = {kind}("{method.name}", {name}, {reply})\n'
        if item := self._item(method):
            everything = "iter_" + re.sub("^(list|get)_", "", name)
            yield f'    {everything} = Items("{method.name}", {name}.request, {self._reference(item)})\n'

    def _item(self, method: MethodDescriptorProto) -> str | None:
        """The type of what a list by pages holds; None where the reply is no such list."""
        fields = {part.name: part.type_name for part in self.types.message(method.output_type).field}
        return fields["items"] if "next_page_token" in fields else None

    def _annotation(self, part: FieldDescriptorProto) -> str:
        annotation = self.types.annotation(part)
        self.imported |= annotation.modules
        self.names |= annotation.names
        return annotation.text

    def _reference(self, type_name: str) -> str:
        """A message as the module names it, whose own module is imported then."""
        reference = self.types.reference(type_name)
        self.imported |= reference.modules
        return reference.text


def services(all_services: Iterable[ServiceSource]) -> str:
    """The module that makes a service of each client of methods and the generated stub."""
    ordered = sorted(all_services, key=lambda source: source.service.name)
    plain = "".join(source.importing("Stub", "Stub") for source in ordered)
    typed = "".join("    " + source.importing("AsyncStub", "AsyncStub") for source in ordered)
    running = "".join("    " + source.importing("Stub", "AsyncStub") for source in ordered)
    methods = "".join(
        f"from sanset_client.methods.{source.module} import {source.methods}\n"
        for source in ordered
        if source.service.name not in SHORTCUTS
    )
    classes = [source.client_class("", "Service", "Stub") for source in ordered]
    classes += [source.client_class("Async", "AsyncService", "AsyncStub") for source in ordered]
    return (
        HEAD.format(title="The services of both clients: the generated stubs, with a method for each RPC.")
        + f"from typing import TYPE_CHECKING\n\nimport grpc\nfrom grpc import aio\n{plain}\n{methods}"
        + "from sanset_client.rpc import AsyncService, Service\n"
        + f"from sanset_client.shortcuts import {', '.join(sorted(SHORTCUTS.values()))}\n\n"
        + "if TYPE_CHECKING:  # the async stubs are types only: at run time one stub is enough\n"
        + f"{typed}else:\n{running}\n\n"
        + "\n\n".join(
            [*classes, _container("", "grpc.Channel", ordered), _container("Async", "aio.Channel", ordered)]
        )
    )


def _container(prefix: str, channel: str, ordered: Iterable[ServiceSource]) -> str:
    attributes = "".join(
        f"        self.{source.attribute} = {prefix}{_capitals(source.attribute)}(channel)\n"
        for source in ordered
    )
    return (
        f'class {prefix}Services:\n    """Every service of the contract, by its noun."""\n\n'
        f"    def __init__(self, channel: {channel}) -> None:\n{attributes}"
    )


def _argument(name: str) -> str:
    """A field as an argument: with an underscore where the name means something else already."""
    return f"{name}_" if name in OPTIONS or keyword.iskeyword(name) else name


def _docstring(comment: str) -> str:
    lines = [f"    {line}".rstrip() for line in comment.replace("\\", "\\\\").splitlines()]
    if len(lines) == 1:
        return f'    """{comment}"""\n'
    lines[0] = f'    """{lines[0].strip()}'
    return "\n".join([*lines, '    """\n'])
