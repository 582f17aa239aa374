"""Composes the room of the imports."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sanset.v1.import_pb2_grpc import add_ImportServiceServicer_to_server

from server.core import Core
from server.events.topics import ImportMoved
from server.imports.job import ImportJob
from server.imports.servicer import ImportServicer
from server.imports.uploads import Uploads
from server.imports.watching import ImportWatch
from server.jobs.runner import Job
from server.part import Part


def build(core: Core) -> Part:
    """ImportService, and the job that works on what it takes."""
    settings = core.settings
    watch = ImportWatch(core.work, settings.heartbeat_seconds, settings.stream_lifetime_seconds)
    uploads = Uploads(settings.currency, core.languages.further, max_bytes=settings.max_import_bytes)
    servicer = ImportServicer(core.db, core.work, core.pages, core.clock, uploads=uploads, watch=watch)
    job = ImportJob(core.db, core.work, core.clock, settings.currency, core.languages.further)
    return Part(
        servicers=[partial(add_ImportServiceServicer_to_server, servicer)],
        listeners=[watch.attach],
        jobs=[
            Job("import products", job.run, every=timedelta(seconds=5), woken_by=[ImportMoved]),
            Job("forget imports", job.forget, daily_at=settings.cleanup_daily_at),
        ],
        drain=watch.drain,
    )
