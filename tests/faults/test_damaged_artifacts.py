"""Damaged artifacts: every one is refused before anything parses it, and the last good model serves on."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damages import Damage, damages, with_broken_trees
from grpc_health.v1 import health_pb2, health_pb2_grpc
from model_caller import Caller
from sanset.v1 import model_pb2, model_service_pb2
from sanset.v1 import recommend_pb2 as pb
from sqlalchemy import make_url
from support import recommend_data as data
from support.running_shop import RunningShop, refused, test_settings

from ml.artifacts import artifact
from ml.artifacts.artifact import DamagedArtifact
from ml.artifacts.manifest import Description
from server.clock import utc_now
from server.db.database import Database
from server.recommend.registry import trained_models
from server.recommend.registry.artifact_key import artifact_key
from server.recommend.training.job import train_now
from server.settings import Settings

VARIANTS = 200
LONG = int(os.environ.get("SANSET_FAULT_ROUNDS", "0")) >= 50
"""Whether every damage is tried, instead of every third or so."""


@pytest.fixture(scope="module")
def selling(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small shop with a model in use."""
    home = tmp_path_factory.mktemp("selling")
    settings = test_settings(f"sqlite:///{shutil.copy(sqlite_template, home / 'shop.db')}", home)
    db = Database(settings.url)
    with db.transaction() as tx:
        data.fill(tx, orders_per_user=12, now=utc_now())
    train_now(settings, db)
    db.close()
    return settings


@pytest.fixture
def pristine(selling: Settings) -> Path:
    """The artifact of the model in use."""
    return artifact.newest(selling.models_dir)[0]  # what tests add is older


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was given to a parser of arrays."""
    calls: list[str] = []
    load = np.load

    def noted(file: Any, **options: Any) -> Any:
        calls.append(repr(file))
        assert options.get("allow_pickle", False) is False
        return load(file, **options)

    monkeypatch.setattr(np, "load", noted)
    return calls


def outcome(damage: Damage, pristine: Path, place: Path, key: bytes) -> str:
    """What becomes of a damaged copy: the sentence of the refusal, or nothing when it is taken."""
    place.mkdir()
    path = place / pristine.name
    shutil.copytree(pristine, path)
    damage.change(path)
    try:
        artifact.load(path, key)
    except DamagedArtifact as refusal:
        return str(refusal)
    finally:
        shutil.rmtree(place)
    return ""


def test_every_damage_is_refused_and_none_is_parsed_before_it_is_verified(
    selling: Settings, pristine: Path, tmp_path: Path, parsed: list[str]
) -> None:
    key, trace = artifact_key(selling), tmp_path / "unpickled"
    artifact.load(pristine, key)
    assert parsed, "the parser is not the one that is watched"
    every = list(damages(pristine, key, trace))
    assert len({damage.name for damage in every}) == len(every)
    ways = every if LONG else every[:: max(1, len(every) // VARIANTS)]
    assert len(ways) >= VARIANTS
    for damage in ways:
        parsed.clear()
        said = outcome(damage, pristine, tmp_path / "damaged", key)
        assert said.startswith(f"Artifact {pristine.name} is refused: "), damage.name
        assert damage.signed or not parsed, damage.name
    assert not trace.exists()
    print(f"\n{len(ways)} damaged artifacts, all refused")


def copied(selling: Settings, pristine: Path, name: str) -> model_pb2.Model:
    """One more model, with an artifact of its own that is sound but for its name."""
    path = selling.models_dir / name
    shutil.copytree(pristine, path)
    db = Database(selling.url)
    with db.transaction() as tx:
        model_id = trained_models.register(tx, name, "ALL", {}, utc_now())
    db.close()
    return model_pb2.Model(id=model_id, version=name)


def test_no_damaged_model_can_be_put_into_use_and_the_good_one_serves_on(
    selling: Settings, pristine: Path
) -> None:
    key = artifact_key(selling)
    some = {damage.name: damage for damage in damages(pristine, key, selling.data_dir / "unpickled")}
    chosen = [
        some[name]
        for name in ("bit 0 of product_ids.npy", "manifest.json a pipe", "an extra pickle", "not there")
    ]
    trees = Damage("trees that break LightGBM", lambda path: with_broken_trees(path, key), signed=True)
    shop = RunningShop(selling)
    try:
        enough = threading.Event()
        caller = Caller(shop, enough, 0)
        caller.start()
        for number, damage in enumerate([*chosen, trees]):
            model = copied(selling, pristine, f"all_2020010{number + 1}T000000Z")
            damage.change(selling.models_dir / model.version)
            refusal = refused(
                shop.models.ActivateModel,
                model_service_pb2.ActivateModelRequest(model_id=model.id),
                shop.admin,
            )
            assert refusal.reason == "MODEL_DAMAGED", damage.name
        enough.set()
        caller.join(60)
        assert not caller.is_alive()
        assert caller.faults == []
        assert set(caller.versions) == {pristine.name}
    finally:
        shop.stop()


def rewritten(settings: Settings, pristine: Path) -> str:
    """One more sound model, of another day; its version."""
    key = artifact_key(settings)
    known = artifact.load(pristine, key)
    description = Description(
        "all", datetime(2020, 1, 9, tzinfo=UTC), "f" * 64, known.manifest.parameters, {},
        known.manifest.library_versions, known.manifest.metrics,
    )  # fmt: skip
    path = artifact.write(settings.models_dir, known.contents, description, key=key)
    db = Database(settings.url)
    with db.transaction() as tx:
        trained_models.register(tx, path.name, "ALL", {}, utc_now())
    db.close()
    return path.name


@pytest.mark.parametrize("other", [True, False], ids=["another", "none"])
def test_a_worker_starts_onto_a_damaged_model_in_use(
    selling: Settings, pristine: Path, tmp_path: Path, other: bool
) -> None:
    """The newest sound model takes its place; without one, what is popular does."""
    settings = selling.model_copy(update={"data_dir": tmp_path})
    url = f"sqlite:///{shutil.copy(make_url(selling.url).database or '', tmp_path / 'shop.db')}"
    settings = settings.model_copy(update={"database_url": url})
    shutil.copytree(pristine, settings.models_dir / pristine.name)
    sound = rewritten(settings, pristine) if other else "popularity"
    with_broken_trees(settings.models_dir / pristine.name, artifact_key(settings))
    shop = RunningShop(settings)
    try:
        request = pb.GetRecommendationsRequest(user_id=shop.admin.user_id, limit=5)
        reply = shop.recommend.GetRecommendations(request, metadata=shop.admin.metadata)
        assert len(reply.items) == 5
        assert reply.model_version == sound
        health = health_pb2_grpc.HealthStub(shop.channel).Check(health_pb2.HealthCheckRequest())
        assert health.status == health_pb2.HealthCheckResponse.SERVING
    finally:
        shop.stop()
