"""Writes the typed methods of the Python client, one per RPC, from the descriptors of the protos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

LINE_LENGTH = 110
"""As ruff formats; a longer call has its arguments on a line of their own."""
SERVICE = 6
"""The number of `service` in a FileDescriptorProto, by which its comment is found."""

HEAD = '''\
"""The methods of the services, one per RPC, and one more to go through each list.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations
'''


class ClientMethods:
    """The text of `sanset_client/methods.py`."""

    def __init__(self, image: FileDescriptorSet) -> None:
        """`image` holds every file, with its comments."""
        self._files = [file for file in image.file if file.service and file.package == "sanset.v1"]
        self._messages = {
            f".{file.package}.{message.name}": (file, message)
            for file in image.file
            for message in file.message_type
        }
        self._modules: set[str] = set()

    def text(self) -> str:
        """The whole module."""
        classes = [
            self._class(service, _comment(file, number))
            for file in self._files
            for number, service in enumerate(file.service)
        ]
        return "\n\n".join([HEAD + self._imports(), *classes])

    def _imports(self) -> str:
        lines = ["\n"]
        by_package = groupby(sorted(module.rpartition(".") for module in self._modules), lambda name: name[0])
        for package, names in by_package:
            modules = [module for _, _, module in names]
            line = f"from {package} import {', '.join(modules)}\n"
            if len(line) > LINE_LENGTH:
                listed = "".join(f"    {module},\n" for module in modules)
                line = f"from {package} import (\n{listed})\n"
            lines.append(line)
        return "".join([*lines, "\nfrom sanset_client.rpc import Items, Stream, Unary\n"])

    def _class(self, service: ServiceDescriptorProto, comment: str) -> str:
        head = f'class {service.name.removesuffix("Service")}Methods:\n    """{comment}"""\n\n'
        return head + "".join(line for method in service.method for line in self._methods(method))

    def _methods(self, method: MethodDescriptorProto) -> Iterator[str]:
        request, reply = self._reference(method.input_type), self._reference(method.output_type)
        name = _snake(method.name)
        yield _line(name, "Stream" if method.server_streaming else "Unary", f"{request}, {reply}")
        if item := self._item(method):
            everything = "iter_" + re.sub("^(list|get)_", "", name)
            yield _line(everything, "Items", f'{request}, {self._reference(item)}, rpc="{method.name}"')

    def _item(self, method: MethodDescriptorProto) -> str | None:
        """The type of what a list by pages holds; None where the reply is no such list."""
        fields = {field.name: field.type_name for field in self._message(method.output_type).field}
        return fields["items"] if "next_page_token" in fields else None

    def _message(self, type_name: str) -> DescriptorProto:
        return self._messages[type_name][1]

    def _reference(self, type_name: str) -> str:
        """A message as the module names it, whose own module is imported then."""
        file, message = self._messages[type_name]
        module = file.name.removesuffix(".proto").replace("/", ".") + "_pb2"
        self._modules.add(module)
        return f"{module.rpartition('.')[2]}.{message.name}"


def _line(name: str, kind: str, arguments: str) -> str:
    line = f"    {name} = {kind}({arguments})\n"
    return line if len(line) <= LINE_LENGTH + 1 else f"    {name} = {kind}(\n        {arguments}\n    )\n"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _comment(file: FileDescriptorProto, number: int) -> str:
    """The first sentence of a service's comment, in one line."""
    (comment,) = (
        location.leading_comments
        for location in file.source_code_info.location
        if list(location.path) == [SERVICE, number]
    )
    sentence, _, _ = " ".join(comment.split()).partition(". ")
    return sentence.removesuffix(".") + "."
