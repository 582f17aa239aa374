"""Shops to recommend in: with and without a trained model."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import recommend_data as data
from support.databases import copied_database, postgres_database, sqlite_database
from support.once_per_run import once_per_run
from support.recommend_worker import settings_of

from ml.artifacts import artifact
from ml.artifacts.manifest import Description
from server.clock import utc_now
from server.db.database import Database
from server.recommend.registry import probe, trained_models
from server.recommend.registry.artifact_key import artifact_key
from server.recommend.training import process
from server.recommend.training.assignment import Assignment
from server.recommend.training.job import TrainingOutcome, train_now
from server.settings import Settings

Command = tuple[list[str], dict[str, str]]
Digest = tuple[str, bytes, tuple[tuple[str, bytes], ...]]
"""All of an artifact: its name, its key, and its files."""


@dataclass(frozen=True)
class Trained:
    """A model that was trained once for all tests: it fits every database that was filled alike."""

    models_dir: Path
    outcome: TrainingOutcome
    key: bytes


@pytest.fixture(scope="session")
def trained(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train on the small shop."""

    def train(directory: Path) -> Trained:
        settings = settings_of(_filled(sqlite_database(directory, sqlite_template)), directory)
        db = Database(settings.url)
        outcome = train_now(settings, db)
        db.close()
        return Trained(settings.models_dir, outcome, artifact_key(settings))

    return once_per_run(tmp_path_factory, "trained", train)


@pytest.fixture(scope="session")
def filled_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the small shop on SQLite, to be copied."""
    return _filled(sqlite_database(tmp_path_factory.mktemp("filled"), sqlite_template))


@pytest.fixture(scope="session")
def filled_postgres(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The same on PostgreSQL."""
    with postgres_database(postgres_server, postgres_template) as url:
        yield _filled(url)


def _filled(url: str) -> str:
    db = Database(url)
    with db.transaction() as tx:
        data.fill(tx, now=utc_now())
    db.close()
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """The small shop, without a model."""
    with copied_database(request.getfixturevalue(f"filled_{request.param}"), tmp_path) as url:
        yield settings_of(url, tmp_path)


@pytest.fixture
def modelled(settings: Settings, trained: Trained) -> Settings:
    """The small shop with a model in use."""
    shutil.copytree(trained.models_dir, settings.models_dir)
    db = Database(settings.url)
    with db.transaction() as tx:
        model_id = trained_models.register(
            tx, trained.outcome.version, "ALL", trained.outcome.metrics, utc_now()
        )
        trained_models.activate(tx, model_id)
    db.close()
    return settings


@pytest.fixture(scope="session")
def sound() -> set[Digest]:
    """The artifacts that were proven to be sound in this session."""
    return set()


@pytest.fixture
def proven_once(sound: set[Digest], forked_models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare workers the child that proves a model, where one has proven these very bytes."""
    prove = probe.prove

    def unless_proven(path: Path, key: bytes) -> None:
        digest = _digest(path, key)
        if digest not in sound:
            prove(path, key)
            sound.add(digest)

    monkeypatch.setattr(probe, "prove", unless_proven)


def _digest(path: Path, key: bytes) -> Digest:
    files = sorted(path.iterdir()) if path.is_dir() else []
    return path.name, key, tuple((file.name, file.read_bytes()) for file in files)


@pytest.fixture
def copying(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings whose child has learned already: its model is a copy of the one that was trained once.

    For tests of what becomes of a model. All around it is real: a child runs and reports, its model is proven.
    """

    def command(settings: Settings, wanted: Assignment, _: str | None) -> Command:
        path = copied(trained, settings.models_dir, wanted.model_type)
        lines = [
            {"stage": "read", "percent": 0, "message": "Reading"},
            {"stage": "done", "artifact": path.name, "metrics": trained.outcome.metrics},
        ]
        return ["printf", r"%s\n", *map(json.dumps, lines)], dict(os.environ)

    monkeypatch.setattr(process, "_command", command)


def copied(trained: Trained, models_dir: Path, model_type: str = "ALL") -> Path:
    """One more artifact with the content of the trained one, signed under a name of its own."""
    original = artifact.load(trained.models_dir / trained.outcome.version, trained.key)
    manifest = original.manifest
    description = Description(
        model_type=model_type.lower(),
        created=utc_now(),
        data_fingerprint=manifest.data_fingerprint,
        parameters=manifest.parameters,
        carried={},
        library_versions=manifest.library_versions,
        metrics=manifest.metrics,
    )
    return artifact.write(models_dir, original.contents, description, key=trained.key)
