"""Composes the room of images."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sanset.v1.media_pb2_grpc import add_MediaServiceServicer_to_server

from server.catalog.product_cache import ProductCache
from server.core import Core
from server.jobs.runner import Job
from server.media.intake import Intake
from server.media.library import Library
from server.media.servicer import MediaServicer
from server.media.storage import store_of
from server.media.sweeping import FileSweep
from server.part import Gauge, Part


def build(core: Core, products: ProductCache) -> Part:
    """MediaService, and the job that deletes what is not needed any more."""
    intake = Intake(max_file_bytes=core.settings.max_file_size)
    library = Library(store_of(core.settings))
    servicer = MediaServicer(
        core.db,
        core.work,
        core.pages,
        core.clock,
        cache=products,
        intake=intake,
        library=library,
    )
    sweep = FileSweep(core.work, library, core.clock)
    return Part(
        servicers=[partial(add_MediaServiceServicer_to_server, servicer)],
        jobs=[Job("sweep media", sweep.run, every=timedelta(hours=1))],
        gauges=[
            Gauge(
                "sanset_upload_bytes",
                "Bytes of images that are being uploaded or wait to be decoded",
                lambda: intake.total_bytes,
            )
        ],
        stop=library.close,
    )
