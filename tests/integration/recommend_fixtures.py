"""Shops to recommend in: with and without a trained model."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import recommend_data as data
from recommend_worker import settings_of

from server.clock import utc_now
from server.db.database import Database
from server.recommend.lifecycle import registry
from server.recommend.lifecycle.training import Outcome, train_now
from server.settings import Settings


@dataclass(frozen=True)
class Trained:
    """A model that was trained once for all tests: it fits every database that was filled alike."""

    models_dir: Path
    outcome: Outcome


@pytest.fixture(scope="session")
def trained(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train on the small shop."""
    directory = tmp_path_factory.mktemp("trained")
    url = f"sqlite:///{shutil.copy(sqlite_template, directory / 'shop.db')}"
    settings = settings_of(url, directory)
    db = Database(settings.url)
    with db.transaction() as tx:
        data.fill(tx, now=utc_now())
    outcome = train_now(settings, db)
    db.close()
    return Trained(settings.models_dir, outcome)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The small shop, without a model."""
    settings = settings_of(database_url, tmp_path)
    db = Database(settings.url)
    with db.transaction() as tx:
        data.fill(tx, now=utc_now())
    db.close()
    return settings


@pytest.fixture
def modelled(settings: Settings, trained: Trained) -> Settings:
    """The small shop with a model in use."""
    shutil.copytree(trained.models_dir, settings.models_dir)
    db = Database(settings.url)
    with db.transaction() as tx:
        model_id = registry.register(tx, trained.outcome.version, "ALL", trained.outcome.metrics, utc_now())
        registry.activate(tx, model_id)
    db.close()
    return settings
