"""The wheels of the shop and its client, as `pip install` takes them: everything that a shop needs is in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
from support.real_stack import stack_of, until
from support.wheels import build_wheel, unpack

PROJECT = Path(__file__).parents[2]
SOURCES = ("server", "ml", "generated", "clients")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files of the wheels, without the project beside them."""
    sources, target = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("installed")
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, sources / name, symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(PROJECT / name, sources / name)
    for project in (sources, sources / "clients/python"):
        unpack(build_wheel(project), target)
    shutil.rmtree(sources)
    return target


def test_the_wheel_holds_every_file_of_the_packages(installed: Path) -> None:
    for package in ("server", "ml"):
        ours = {path.relative_to(PROJECT) for path in (PROJECT / package).rglob("*") if path.is_file()}
        packed = {path.relative_to(installed) for path in (installed / package).rglob("*") if path.is_file()}
        assert {path for path in ours if "__pycache__" not in path.parts} == packed
    client = PROJECT / "clients/python"
    ours = {path.relative_to(client) for path in (client / "sanset_client").rglob("*.py")}
    assert ours == {path.relative_to(installed) for path in (installed / "sanset_client").rglob("*.py")}
    for name in ("sanset.binpb", "service_config.json", "openapi.json"):
        assert (installed / "sanset" / name).read_bytes() == (
            PROJECT / "generated/sanset" / name
        ).read_bytes()


def test_a_shop_installed_from_the_wheel_sells_and_mails(installed: Path, tmp_path: Path) -> None:
    with stack_of(tmp_path, workers=1, pythonpath=installed) as shop:
        buyer = shop.customer()
        order = shop.order(buyer)
        assert order["status"] == "CONFIRMED"
        until(lambda: list((tmp_path / "mail").glob("*.eml")))
        missing = httpx.get(f"{shop.origin}/api/v1/products/999999999").json()
        assert missing["details"][0]["reason"] == "PRODUCT_NOT_FOUND"
        assert f"{installed}/sanset/sanset.binpb" in (tmp_path / "run" / "envoy.yaml").read_text()
