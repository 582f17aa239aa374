"""The services that the protos describe."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import sanset.v1
from google.protobuf.descriptor import ServiceDescriptor


def _every_service() -> Iterator[ServiceDescriptor]:
    """Yield each service of the contract, by the names of their files."""
    for module in sorted(module.name for module in iter_modules(sanset.v1.__path__)):
        if module.endswith("_pb2"):
            yield from import_module(f"sanset.v1.{module}").DESCRIPTOR.services_by_name.values()


SERVICES: Final[tuple[ServiceDescriptor, ...]] = tuple(_every_service())
"""Every service of the shop."""
