"""The rotation of the shop's keys: turn to SECRET_KEY, then seal anew what other keys have sealed.

It can be broken off anywhere and begun again: what is sealed says itself with which key.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from ml.artifacts import artifact
from server.crypto.ring import KeyRing
from server.db.database import Database
from server.db.migrate import mark
from server.keys import state
from server.progress import ProgressReport, silent
from server.recommend.registry.artifact_key import ArtifactKeys
from server.rotation.columns import SEALED_COLUMNS, SealedColumns
from server.rotation.resealing import PrimaryKey, reseal, stale_count

NOTICE_SECONDS: Final = 2.0
"""In which every worker has learned of another key: an event tells it, and each looks at least once a second."""
MAX_ROUNDS: Final = 50
"""How often rows are tried again that others hold."""


@dataclass(slots=True)
class Rotation:
    """What a rotation did."""

    key: str
    turned: bool
    sealed: int = 0
    unreadable: dict[str, list[PrimaryKey]] = field(default_factory=dict)
    """By table, the rows that cannot be opened."""
    busy: int = 0
    """Rows that others held all the time."""
    unsigned: list[str] = field(default_factory=list)
    """Models that none of the keys has signed."""


def rotate(
    db: Database,
    ring: KeyRing,
    models_dir: Path,
    *,
    now: datetime,
    progress: ProgressReport = silent,
    sleep: Callable[[float], None] = time.sleep,
) -> Rotation:
    """Have everything that is new made with SECRET_KEY, and everything that is stored sealed with it."""
    with db.transaction() as tx:
        turned = state.turn(tx, ring, now)
        mark(tx)  # releases that cannot read what is sealed end themselves
    state.adopt(db.engine, ring)
    rotation = Rotation(ring.state.current, turned)
    rotation.unsigned = _sign_models(ring, models_dir)
    _reseal_all(db, rotation, progress)
    sleep(NOTICE_SECONDS)
    _reseal_all(db, rotation, progress)  # what a worker wrote that had not learned of the key yet
    return rotation


def _reseal_all(db: Database, rotation: Rotation, progress: ProgressReport) -> None:
    rotation.busy = 0
    for columns in SEALED_COLUMNS:
        name = columns.table.name
        with db.read() as connection:
            total = stale_count(connection, columns)
        lost: set[PrimaryKey] = set()
        for attempt in range(MAX_ROUNDS if total else 0):
            rotation.sealed += _round(db, columns, lost, total, progress)
            with db.read() as connection:
                rotation.busy = stale_count(connection, columns) - len(lost)
            if rotation.busy <= 0:
                break
            time.sleep(min(0.05 * 2**attempt, 1.0))
        rotation.busy = max(rotation.busy, 0)
        if lost:
            rotation.unreadable[name] = sorted(lost)


def _round(
    db: Database, columns: SealedColumns, lost: set[PrimaryKey], total: int, progress: ProgressReport
) -> int:
    """Seal every row anew that needs it and that nobody holds; how many were."""
    sealed, after = 0, None
    while True:
        with db.transaction() as tx:
            chunk = reseal(tx, columns, after)
        lost.update(chunk.unreadable)
        if chunk.last is None:
            return sealed
        sealed, after = sealed + chunk.sealed, chunk.last
        progress(f"Sealing {columns.table.name}", min(sealed, total), total)


def _sign_models(ring: KeyRing, models_dir: Path) -> list[str]:
    """Sign the trained models anew; the names of those that none of the keys has signed."""
    keys = ArtifactKeys(ring)
    return [path.name for path in artifact.newest(models_dir) if not keys.sign_anew(path)]
