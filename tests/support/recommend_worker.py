"""A worker's recommendations without gRPC around them: the servicers, its state and its events."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import event

from server.catalog.categories import read_tree
from server.clock import utc_now
from server.db.database import Database
from server.db.deadline import Deadline
from server.db.pool import Pool
from server.db.work import Work
from server.events.follower import Follower
from server.identity import Identity, Role
from server.paging import Pages
from server.recommend.feedback.attribution import Attributions
from server.recommend.feedback.impressions import Impressions
from server.recommend.feedback.tracking import Tracker
from server.recommend.serving.context import Contexts
from server.recommend.serving.other_lists import OtherLists
from server.recommend.serving.pipeline import Pipeline
from server.recommend.serving.recorder import Recorder
from server.recommend.serving.servicer import RecommendServicer
from server.recommend.serving.state import ServingState
from server.recommend.training.servicer import ModelServicer
from server.recommend.training.trainer import Trainer
from server.rpc.call import Call
from server.settings import Settings

SECRET = "a-secret-for-tests-of-32-characters"
ADMIN = Identity(1_000, Role.ADMIN, "session", 4e9)


def settings_of(database_url: str, data_dir: Path) -> Settings:
    """Settings of a shop under a directory."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # of pydantic-settings, unknown to its own plugin
        environment="test",
        bcrypt_cost=4,
        database_url=database_url,
        data_dir=data_dir,
        secret_key=SECRET,
    )


def customer(user_id: int) -> Identity:
    """A signed-in customer."""
    return Identity(user_id, Role.CUSTOMER, "session", 4e9)


class Worker:
    """One worker; use it inside `running`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db = Database(settings.url)
        self.pool = Pool(threads=4, max_queued=100)
        self.work = Work(self.db, self.pool)
        self.follower = Follower(self.db)
        self.serving = ServingState(settings, self.work, utc_now)
        self.trainer = Trainer(settings, self.db, self.work, utc_now)
        self.attributions = Attributions(SECRET.encode())
        self.shown = Impressions(self.attributions, self.work, utc_now, CollectorRegistry(), keep=True)
        self.tracker = Tracker.of(settings, self.attributions, utc_now)
        self.statements: list[str] = []
        self.address = "127.0.0.1"
        """Where the calls come from."""
        event.listen(self.db.engine, "before_cursor_execute", self._note)
        pages = Pages(SECRET.encode(), default_size=20, max_size=100)
        contexts = Contexts(self.serving, self._category_ids, utc_now)
        recorder = Recorder(self.shown)
        self.recommend = RecommendServicer(
            self.db,
            pages,
            Pipeline(self.serving, contexts, recorder),
            OtherLists(self.serving, contexts, recorder),
            self.tracker,
            currency=settings.currency,
        )
        self.models = ModelServicer(self.db, self.work, pages, utc_now, self.serving, self.trainer)

    async def call(self, method: str, request: Any, caller: Identity | None = None) -> Any:
        """Call a unary method as the pipeline does."""
        behaviour = self._behaviour(method)
        call = self._call(caller)
        if inspect.iscoroutinefunction(behaviour):
            return await behaviour(request, call)
        return await self.pool.run(call.deadline, behaviour, request, call)

    def stream(self, method: str, request: Any, caller: Identity | None = None) -> AsyncIterator[Any]:
        """Open a stream."""
        messages: AsyncIterator[Any] = self._behaviour(method)(request, self._call(caller))
        return messages

    def _behaviour(self, method: str) -> Any:
        return getattr(self.recommend if hasattr(self.recommend, method) else self.models, method)

    def _call(self, caller: Identity | None) -> Call:
        method = "/sanset.v1.RecommendService/Test"
        return Call(method, "r", self.address, False, "", None, Deadline(20), caller)

    async def _category_ids(self, slug_or_name: str) -> frozenset[int]:
        with self.db.read() as connection:
            return read_tree(connection).ids_under(slug_or_name)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements.append(statement)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Worker]:
    """A worker that has started, and ends with the block."""
    worker = Worker(settings)
    worker.serving.attach(worker.follower)
    worker.trainer.attach(worker.follower)
    worker.follower.start()
    try:
        await worker.serving.start()
        worker.shown.start()
        yield worker
    finally:
        worker.trainer.drain()
        await worker.trainer.stop()
        await worker.serving.stop()
        await worker.shown.stop()
        worker.follower.stop()
        worker.pool.close()
        worker.db.close()
