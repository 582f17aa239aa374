"""The one module that gathers all tables knows every module that has some."""

from __future__ import annotations

import ast
from pathlib import Path

import server
from server.db import schema

ROOT = Path(server.__file__).parent


def test_every_module_of_tables_is_gathered() -> None:
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(Path(schema.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    modules = {
        "server." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in ROOT.rglob("models.py")
        if "Mapped[" in path.read_text()
    }
    assert modules <= imported, "add them to server/db/schema.py"
