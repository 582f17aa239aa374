"""The models that a worker serves: the one in use, and the challenger of a running experiment."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import structlog

from ml.artifacts.artifact import TIME_FORMAT, DamagedArtifact
from ml.ranking.model import Model
from server.background import WHEN_WOKEN, BackgroundLoop
from server.events.follower import Follower
from server.events.topics import ModelsChanged
from server.recommend.registry import experiments, probe, trained_models
from server.recommend.registry.artifact_key import ArtifactKeys
from server.recommend.registry.experiments import TrafficSplit, Trial
from server.recommend.serving.new_products import NewProducts
from server.recommend.serving.reads import Reads

RETRY = timedelta(seconds=5)

log = structlog.get_logger()


class Arm(NamedTuple):
    """The model that serves someone, and the experiment that it was chosen by, if any."""

    model: Model | None
    experiment_id: int | None


class ServedModels:
    """Loads the models that are in use by the database, and follows its changes. For use on one event loop."""

    def __init__(self, models_dir: Path, keys: ArtifactKeys, reads: Reads, new_products: NewProducts) -> None:
        self._models_dir = models_dir
        self._keys = keys
        self._reads = reads
        self._new_products = new_products
        self._proven: set[str] = set()
        self._loading = asyncio.Lock()
        self._following = BackgroundLoop(
            "served_models", self.follow_activation, every=WHEN_WOKEN, first_retry=RETRY, max_retry=RETRY
        )
        self.active: Model | None = None
        """The model in use. It never changes; another one takes its place."""
        self.challenger: Model | None = None
        """What the running experiment compares with it; None as well when it cannot be served here."""
        self._split: TrafficSplit | None = None

    def attach(self, follower: Follower) -> None:
        """Learn from the events of models."""
        follower.on(ModelsChanged, lambda _: self._following.wake())

    async def start(self) -> None:
        """Load the model in use, and begin to follow the changes.

        When that one is damaged, the newest other one that is not takes its place, or none.
        """
        async with self._loading:
            for version in await self._reads.run(trained_models.candidates):
                if await self._load(version):
                    break
            else:
                log.info("recommending_without_a_model")
            await self._challenge(await self._reads.run(experiments.running))
            self._forget_replaced()
        self._following.start(after=WHEN_WOKEN)

    async def stop(self) -> None:
        """Follow no more changes."""
        await self._following.stop()

    @property
    def created_at(self) -> float:
        """When the model in use was trained, in seconds since the epoch; 0 without one."""
        if self.active is None:
            return 0.0
        made = self.active.version.rpartition("_")[2]
        return datetime.strptime(made, TIME_FORMAT).replace(tzinfo=UTC).timestamp()

    def arm(self, key: str) -> Arm:
        """The model that serves who has this `experiments.split_key`; nobody in particular gets the one in use."""
        split = self._split
        if split is None or not key:
            return Arm(self._whole(self.active), None)
        if not split.challenges(key):
            return Arm(self._whole(self.active), split.experiment_id)
        if self.challenger is None:
            # Served by the wrong model, they would blur the comparison: they are not counted in it.
            return Arm(self._whole(self.active), None)
        return Arm(self._whole(self.challenger), split.experiment_id)

    def _whole(self, model: Model | None) -> Model | None:
        """The model with the products that are newer than it."""
        return self._new_products.of(model) if model is not None else None

    async def verify(self, version: str) -> None:
        """Raise DamagedArtifact unless the artifact of `version` can be served."""
        path = self._models_dir / version
        await asyncio.to_thread(probe.prove, path, self._keys.of(path))
        self._proven.add(version)

    async def follow_activation(self) -> None:
        """Serve the models that the database says are in use; keep the present one when it is damaged."""
        # Read under the lock: of two who follow at once, the later one has the later news.
        async with self._loading:
            active = await self._reads.run(trained_models.active)
            trial = await self._reads.run(experiments.running)
            if active is not None:
                await self._load(active.version)
            await self._challenge(trial)
            self._forget_replaced()

    def _forget_replaced(self) -> None:
        self._new_products.keep_only(model for model in (self.active, self.challenger) if model is not None)

    async def _load(self, version: str) -> bool:
        """Serve `version`; False when its artifact is damaged. The caller holds `_loading`."""
        model = await self._open(version)
        if model is None:
            return False
        if model is not self.active:
            self.active = model
            log.info("model_loaded", version=version, products=len(model))
        return True

    async def _challenge(self, trial: Trial | None) -> None:
        """Split the users as the running experiment says, if this worker serves what it compares."""
        if trial is None or self.active is None or self.active.version != trial.control_version:
            self._split = self.challenger = None
            return
        if self._split != trial.split:
            self._split = self.challenger = None
        self.challenger = await self._open(trial.challenger_version)
        self._split = trial.split

    async def _open(self, version: str) -> Model | None:
        """The model `version`; None when its artifact is damaged."""
        for loaded in (self.active, self.challenger):
            if loaded is not None and loaded.version == version:
                return loaded
        try:
            if version not in self._proven:
                await self.verify(version)
            path = self._models_dir / version
            model = await asyncio.to_thread(probe.load, path, self._keys.of(path))
        except DamagedArtifact as error:
            self._proven.discard(version)
            log.error("model_damaged", version=version, problem=str(error))
            return None
        await self._new_products.take_in(model)
        return model
