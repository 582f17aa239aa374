"""Composes the room of the segments."""

from __future__ import annotations

from functools import partial

from sanset.v1.segment_pb2_grpc import add_SegmentServiceServicer_to_server

from server.core import Core
from server.part import Part
from server.segment.servicer import SegmentServicer


def build(core: Core) -> Part:
    """SegmentService."""
    servicer = SegmentServicer(core.db, core.pages, core.clock, core.settings.currency)
    return Part(servicers=[partial(add_SegmentServiceServicer_to_server, servicer)])
