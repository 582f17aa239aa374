"""A worker is composed of every room that has a part."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import server
from server.app import Rooms

ROOT = Path(server.__file__).parent


def test_every_room_with_a_part_is_in_the_worker() -> None:
    rooms = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.rglob("*/part.py")}
    assert rooms == {field.name for field in fields(Rooms)}
