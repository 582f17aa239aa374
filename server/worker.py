"""One worker process: a gRPC server on a loopback port, for Envoy."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import suppress
from datetime import timedelta
from functools import partial
from importlib import import_module

import structlog
import uvloop
from grpc_health.v1 import health_pb2
from prometheus_client import start_http_server
from sqlalchemy.exc import SQLAlchemyError

from ml.artifacts.artifact import newest
from server.app import App, build
from server.background import BackgroundLoop
from server.db.schema_watch import SchemaWatch
from server.grpc_server import compile_rules
from server.logs import configure
from server.process.ports import LOOPBACK
from server.process.supervisor_pipe import say_ready, tell_of_life, until_abandoned
from server.settings import Settings

LAG_SECONDS = 5.0
"""A worker that cannot read the event table for so long may show what is no longer true, and says so."""
NOTICE_SECONDS = 1.5
"""Envoy asks for a worker's health every half second, on a busy machine later; until then it still sends calls."""
LOOK_EVERY = timedelta(seconds=1)
"""Between two looks at the event table and the schema."""

log = structlog.get_logger()


def prepare(settings: Settings) -> None:
    """Do what every worker would do for itself, in the process that they are forked from.

    Whatever they find imported and compiled, they share. None of it may begin a thread.
    """
    compile_rules()
    if newest(settings.models_dir):
        import_module("faiss")  # a shop without a model needs none


def run(settings: Settings, *, port: int, metrics_port: int) -> None:
    """Serve until SIGTERM, SIGINT, or the end of standard input, whose other end the supervisor holds.

    So ends a worker, too, whose release cannot serve on the schema any more.
    """
    configure(settings.log_level)
    uvloop.run(_serve(settings, port, metrics_port))


async def _serve(settings: Settings, port: int, metrics_port: int) -> None:
    app = build(settings)
    app.server.listen(f"{LOOPBACK}:{port}")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if metrics_port:
        start_http_server(metrics_port, addr=LOOPBACK, registry=app.core.registry)
    await app.start()
    supervised = asyncio.create_task(until_abandoned(stop))
    loops = [
        BackgroundLoop("lag_watch", LagWatch(app).look, every=LOOK_EVERY),
        BackgroundLoop("schema_watch", partial(_watch_schema, SchemaWatch(app.db), stop), every=LOOK_EVERY),
    ]
    for each in loops:
        each.start(after=LOOK_EVERY)
    _spare_the_collector()
    say_ready()
    living = asyncio.create_task(tell_of_life())
    log.info("worker_ready", port=port)
    await stop.wait()
    await asyncio.gather(*(each.stop() for each in loops))
    supervised.cancel()
    await app.retire(NOTICE_SECONDS)
    living.cancel()
    log.info("worker_stopped", port=port)
    # A call that is on its way now finds a closed connection, which is UNAVAILABLE and tried again. From gRPC's
    # own end it would hear CANCELLED.
    os._exit(0)


def _spare_the_collector() -> None:
    """Keep what was loaded at the start out of the cyclic collector's rounds, and make them rarer.

    The modules and descriptors live as long as the process; looking through them again and again costs more than
    the calls leave behind.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class LagWatch:
    """Reports NOT_SERVING while the event table cannot be read."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._healthy = True

    async def look(self) -> None:
        """Compare, and report a change."""
        silent = self._app.core.follower.silent_seconds
        healthy = silent < LAG_SECONDS
        if healthy != self._healthy:
            self._healthy = healthy
            log.warning("event_lag", seconds=round(silent, 1), healthy=healthy)
            status = health_pb2.HealthCheckResponse
            await self._app.server.set_health(status.SERVING if healthy else status.NOT_SERVING)


async def _watch_schema(watch: SchemaWatch, stop: asyncio.Event) -> None:
    """Set `stop` once another release has changed the schema so that this one cannot serve on it."""
    with suppress(SQLAlchemyError):  # the database is away, or being migrated: the next look tells
        revision = await asyncio.to_thread(watch.outgrown)
        if revision is not None:
            log.error("schema_left_this_release_behind", schema=revision)
            stop.set()
