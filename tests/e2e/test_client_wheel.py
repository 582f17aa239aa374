"""The Python client alone, as someone else's program gets it: small, typed, and without the shop."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from support.readme_examples import PROJECT, examples
from support.wheels import build_wheel, unpack

MAX_PACKAGES = 15
MAX_BYTES = 40 * 2**20
CALL = """\
import sys
from sanset_client import Client, Unavailable
with Client("127.0.0.1:1", timeout=0.2) as shop:
    try:
        shop.catalog.get_product(product_id=7)
    except Unavailable:
        print("tried", *sorted(name for name in sys.modules if name in ("server", "ml", "numpy", "sqlalchemy")))
"""
MISTAKES = """\
from sanset_client import Client
with Client() as shop:
    shop.orders.checkout(payment_method="CRAD")
    shop.catalog.get_product(product_id="seven")
    print(shop.catalog.get_product(product_id=7).nmae)
    print(shop.cart.get_total().total.cents)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the client."""
    sources = tmp_path_factory.mktemp("sources")
    ignored = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    for name in ("generated", "clients/python"):
        shutil.copytree(PROJECT / name, sources / name, symlinks=True, ignore=ignored)
    return build_wheel(sources / "clients/python")


def environment(home: Path, wheel: Path, *extras: str) -> Path:
    """Make a virtual environment with nothing but the wheel and what it requires; return its interpreter."""
    venv.create(home, with_pip=False, symlinks=True)
    packages = packages_of(home)
    unpack(wheel, packages)
    client = PathDistribution(next(packages.glob("sanset_client-*.dist-info")))
    for required in requirements(client, *extras):
        copy(required, packages)
    return home / "bin" / "python"


def packages_of(home: Path) -> Path:
    """Where the packages of a virtual environment are."""
    (packages,) = home.glob("lib/python*/site-packages")
    return packages


def requirements(dist: Distribution, *extras: str) -> Iterator[Distribution]:
    """Yield what a distribution requires, also for `extras`, and what that requires in turn."""
    for requirement in map(Requirement, dist.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            required = distribution(requirement.name)
            yield required
            yield from requirements(required)


def copy(dist: Distribution, target: Path) -> None:
    """Link the files of an installed distribution into another environment."""
    for file in dist.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            (target / file).unlink(missing_ok=True)
            shutil.copyfile(str(file.locate()), target / file)


def test_the_client_alone_is_small_and_calls(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path, wheel)
    answer = subprocess.run([python, "-I", "-c", CALL], capture_output=True, text=True, check=True)
    assert answer.stdout == "tried\n"
    packages = packages_of(tmp_path)
    assert len(list(packages.glob("*.dist-info"))) <= MAX_PACKAGES
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    assert size <= MAX_BYTES


@pytest.mark.parametrize("installed", ["from a wheel", "with the shop"])
def test_the_examples_of_the_readmes_pass_mypy_strict_and_mistakes_do_not(
    installed: str, wheel: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name, text in {"mistakes": MISTAKES, **dict(examples())}.items():
        (project / f"{name}.py").write_text(text, encoding="utf-8")
    own = installed == "from a wheel"
    python = environment(tmp_path / "venv", wheel, "types") if own else sys.executable
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        f"--python-executable={python}",
        "--config-file=",
        ".",
    ]
    checked = subprocess.run(command, cwd=project, capture_output=True, text=True)
    errors = [tuple(line.split(":")[:2]) for line in checked.stdout.splitlines() if ": error: " in line]
    assert sorted(errors) == [("mistakes.py", line) for line in "3456"], checked.stdout + checked.stderr
