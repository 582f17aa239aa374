"""A worker is composed of every room that has a part."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import server
from server.app import Rooms

ROOT = Path(server.__file__).parent
NEEDED_BY_SOME = {
    "PIL",
    "alembic",
    "boto3",
    "faiss",
    "onnxruntime",
    "scipy",
    "stripe",
    "tokenizers",
    "xlsxwriter",
}
"""Libraries that take long to load: for migrations, for models, for Stripe, for images, for a workbook."""


def test_every_room_with_a_part_is_in_the_worker() -> None:
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.rglob("*/part.py")}
    assert rooms == {field.name for field in fields(Rooms)}, "each is a field of Rooms in server/app.py"


def test_every_room_with_a_part_is_held_to_the_contracts_about_servicers() -> None:
    rooms = {f"server.{path.parent.name}" for path in ROOT.glob("*/part.py")}
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())
    contracts = {
        contract["name"]: set(contract.get("source_modules", ()))
        for contract in project["tool"]["importlinter"]["contracts"]
    }
    for name in (
        "Only servicers and converters know protobuf and gRPC",
        "Only what translates calls knows how they arrive",
    ):
        assert rooms <= contracts[name], f"source_modules of {name!r} in pyproject.toml"


def test_a_worker_starts_without_the_libraries_that_only_some_shops_need() -> None:
    program = f"import sys, server.cli.worker\nprint(*{NEEDED_BY_SOME} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
