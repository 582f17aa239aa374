"""A worker that runs while another release changes the schema so that its own cannot serve on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from support.running_shop import test_settings
from worker_process import WorkerProcess

from server.db import schema_state
from server.db.engine import connect

SECONDS = 60.0


def _mark(url: str, revision: str, oldest: str | None) -> None:
    """Have the schema be of `revision`, on which code from `oldest` on may serve."""
    engine = connect(url, pool_size=1)
    with engine.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        tx.execute(text("UPDATE schema_serves SET oldest_revision = :oldest"), {"oldest": oldest})
    engine.dispose()


@pytest.fixture
def worker(database_url: str, tmp_path: Path) -> WorkerProcess:
    """A worker that serves."""
    settings = test_settings(database_url, tmp_path / "data", drain_seconds=1)
    return WorkerProcess(settings, tmp_path / "worker").until_ready()


def test_a_worker_ends_when_the_schema_leaves_its_release_behind_and_is_back_with_the_schema(
    database_url: str, worker: WorkerProcess, tmp_path: Path
) -> None:
    head = schema_state.current(database_url)
    assert head is not None
    _mark(database_url, "9999", "9998")
    assert worker.ended(SECONDS) == 0
    log = (tmp_path / "worker" / "worker.log").read_text()
    assert "schema_left_this_release_behind" in log

    worker.start()
    assert worker.ended(SECONDS) == 1, "its supervisor starts it again and again meanwhile"
    assert "made by a later release" in (tmp_path / "worker" / "worker.log").read_text()

    _mark(database_url, head, head)
    worker.start()
    worker.until_ready().stop()


def test_a_worker_serves_on_when_a_later_schema_only_adds_to_its_own(
    database_url: str, worker: WorkerProcess
) -> None:
    _mark(database_url, "9999", schema_state.current(database_url))
    assert worker.ended(4.0) is None
    worker.stop()
