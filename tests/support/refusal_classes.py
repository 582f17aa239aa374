"""Every refusal that the server can raise."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import server
from server import errors
from server.errors import Refusal

MEANINGS = {cls for cls in Refusal.__subclasses__() if cls.__module__ == errors.__name__}
"""The canonical classes, one per gRPC code: domains derive from them, nobody raises them."""


@cache
def refusal_classes() -> tuple[type[Refusal], ...]:
    """The classes that are raised, by name."""
    for module in pkgutil.walk_packages(server.__path__, "server."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    classes: set[type[Refusal]] = set()
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        classes.update(subclasses)
        waiting.extend(subclasses)
    ours = [cls for cls in classes - MEANINGS if cls.__module__.startswith("server.")]  # tests make some, too
    return tuple(sorted(ours, key=lambda cls: cls.__name__))
