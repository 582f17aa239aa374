"""The Python examples of the READMEs, each as a module that runs by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
READMES = {"shop": "README.md", "client": "clients/python/README.md"}
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

EMAIL, LOGIN_PASSWORD = "john@example.com", "demo-shop-1"
PREAMBLE = f"""\
from sanset_client import Client

shop = Client("localhost:50051")
shop.login("{EMAIL}", "{LOGIN_PASSWORD}")
shop.cart.add(product_id=7)
"""
"""What an example that goes on with an open shop goes on with."""


def examples() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each module."""
    for readme, path in READMES.items():
        for number, block in enumerate(BLOCK.findall((PROJECT / path).read_text("utf-8"))):
            yield f"{readme}_{number}", block if "Client(" in block else PREAMBLE + block
