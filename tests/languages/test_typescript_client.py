"""The TypeScript client, built and called in Node as its users do: `make languages`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from support.certificates import authority
from support.clients_page import PROJECT
from support.real_stack import Stack, stack_of

from server.process.ports import free_ports

pytestmark = pytest.mark.compilers

CLIENTS: Final = PROJECT / "clients"
MAX_BYTES: Final = 44 * 1024
"""What a page may load for it, compressed."""
[PAGE_PORT] = free_ports(1)
"""Where the pages come from that call the shop."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, built in a copy of the project."""
    if shutil.which("npm") is None:
        pytest.skip("not installed: npm")
    project = tmp_path_factory.mktemp("typescript")
    shutil.copytree(PROJECT / "proto", project / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    home = project / "clients/typescript"
    made = shutil.ignore_patterns("node_modules", "dist", "gen", "python", "examples", "http")
    shutil.copytree(CLIENTS, project / "clients", ignore=made)
    install = ["npm", "ci", "--silent", "--workspace=@sanset/client"]
    if subprocess.run(install, cwd=home.parent, capture_output=True, check=False).returncode != 0:
        pytest.skip("npm cannot install what the client is built with")
    _run(home, "npm", "run", "--silent", "build")
    return home


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running shop."""
    origins = json.dumps([f"http://localhost:{PAGE_PORT}"])
    with stack_of(tmp_path_factory.mktemp("shop"), workers=1, cors_origins=origins) as stack:
        yield stack


def test_it_calls_a_shop(package: Path, shop: Stack) -> None:
    addresses = {"SHOP": f"http://{shop.native}", "WEB": shop.origin}
    _run(package, "node", "--test", "dist/test/shop.test.js", **addresses)


def test_it_speaks_tls(package: Path, tmp_path: Path) -> None:
    issuer = authority(tmp_path / "authority")
    for name, host in (("shop", "localhost"), ("back-end", "back-end")):
        issuer.issue(tmp_path / name, host)
    _run(package, "node", "--test", "dist/test/tls.test.js", FILES=str(tmp_path))


def test_it_calls_a_shop_from_a_page(package: Path, shop: Stack) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("not installed: chromium")
    settings = {
        "SHOP": f"http://{shop.native}",
        "WEB": shop.origin,
        "CHROMIUM": browser,
        "PAGE_PORT": str(PAGE_PORT),
    }
    _run(package, "node", "--test", "dist/test/browser.test.js", **settings)


def test_a_page_loads_little_for_it(package: Path) -> None:
    assert int(_run(package, "npm", "run", "--silent", "size")) <= MAX_BYTES


def _run(home: Path, *command: str, **environment: str) -> str:
    process = subprocess.run(
        command, cwd=home, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout
