"""What a process has imported: memory and time that every worker, and every command, pays for."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        # A worker trains nothing, and may have no model to search
        ("server.cli.workers", {"alembic", "faiss", "httpx", "implicit", "lightgbm", "ml.training", "scipy"}),
        # Whoever asks for help waits for this
        (
            "server.cli.command_line",
            {"grpc", "numpy", "psycopg", "pydantic", "rich", "sqlalchemy", "structlog"},
        ),
    ],
)
def test_nothing_is_imported_that_may_never_be_needed(module: str, unneeded: set[str]) -> None:
    script = f"import sys, {module}; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not unneeded & set(imported.stdout.split())
