"""A worker's recommendations without gRPC around them: the servicers, its state and its events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from support.rooms import Methods, core_of

from server.catalog.categories import read_tree
from server.clock import OFF
from server.db.deadline import Deadline
from server.identity import Identity, Role
from server.part import Part
from server.recommend import part as recommend_part
from server.recommend.feedback.attribution import Attributions
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
        train_daily_at=OFF,
    )


def customer(user_id: int) -> Identity:
    """A signed-in customer."""
    return Identity(user_id, Role.CUSTOMER, "session", 4e9)


class Worker:
    """One worker; use it inside `running`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.core = core_of(settings)
        self.db, self.work, self.follower = self.core.db, self.core.work, self.core.follower
        part = recommend_part.build(self.core, self._category_ids)
        self.serving, self.trainer, self.tracker = part.serving, part.trainer, part.tracker
        self.shown = part.impressions
        self.attributions = Attributions(self.core.ring)
        self.parts: list[Part] = [self.core.part(), part]
        for listen in part.listeners:
            listen(self.follower)
        self._methods = Methods(self.core, self.parts)
        self.statements: list[str] = []
        self.address = "127.0.0.1"
        """Where the calls come from."""
        event.listen(self.db.engine, "before_cursor_execute", self._note)

    async def call(self, method: str, request: Any, caller: Identity | None = None) -> Any:
        """Call a unary method as the pipeline does."""
        return await self._methods.call(method, request, self._call(caller))

    def stream(self, method: str, request: Any, caller: Identity | None = None) -> AsyncIterator[Any]:
        """Open a stream."""
        return self._methods.stream(method, request, self._call(caller))

    def _call(self, caller: Identity | None) -> Call:
        method = "/sanset.v1.RecommendService/Test"
        return Call(method, "r", self.address, False, None, Deadline(20), caller)

    async def _category_ids(self, slug_or_name: str) -> frozenset[int]:
        with self.db.read() as connection:
            return read_tree(connection).ids_under(slug_or_name)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.statements.append(statement)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Worker]:
    """A worker that has started, and ends with the block."""
    worker = Worker(settings)
    try:
        for part in worker.parts:
            await part.start()
        yield worker
    finally:
        for part in worker.parts:
            await part.drain()
        for part in reversed(worker.parts):
            await part.stop()
