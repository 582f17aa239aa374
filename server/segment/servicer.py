"""SegmentService over gRPC: envelopes around the segments of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import segment_pb2 as pb
from sanset.v1 import segment_pb2_grpc
from sqlalchemy import Connection

from server.clock import Clock
from server.db.database import Database
from server.errors import Refusal
from server.paging import Pages
from server.repeats.short_call import earlier_reply, once
from server.rpc.call import Call
from server.segment import convert, queries, service
from server.segment.membership import Moment


class SegmentServicer(segment_pb2_grpc.SegmentServiceServicer):
    """Shows admins who the customers of the shop are."""

    def __init__(self, db: Database, pages: Pages, clock: Clock, currency: str) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock
        self._currency = currency

    def ListSegments(self, request: pb.ListSegmentsRequest, call: Call) -> pb.ListSegmentsResponse:
        moment, size = self._moment(), self._pages.size(request.page_size)
        scope = ("ListSegments", call.identity.user_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.segment_page(connection, after[0] if after else None, size + 1)
            counted = {each.segment.id: each for each in service.count(connection, rows[:size], moment)}
        items, token = self._pages.page(
            rows,
            size,
            lambda segment: convert.segment_to_wire(counted[segment.id], moment),
            lambda segment: [service.name_key(segment.name)],
            *scope,
        )
        return pb.ListSegmentsResponse(items=items, next_page_token=token)

    def CreateSegment(self, request: pb.CreateSegmentRequest, call: Call) -> pb.Segment:
        earlier = earlier_reply(self, request, call, pb.Segment)
        if earlier is not None:
            return earlier
        with self._db.read() as connection:
            rules = convert.rules_from_wire(request.segment.rules, self._currency)
            expected = service.forecast(connection, rules, self._moment())
        return self._create(request, call, expected)

    @once(pb.Segment)
    def _create(
        self,
        tx: Connection,
        request: pb.CreateSegmentRequest,
        call: Call,
        now: datetime,
        expected: service.Forecast,
    ) -> pb.Segment:
        sent = request.segment
        segment = service.define(tx, sent.name, sent.description, expected.rules, now)
        return convert.segment_to_wire(service.counted(tx, segment, expected), expected.moment)

    def UpdateSegment(self, request: pb.UpdateSegmentRequest, call: Call) -> pb.Segment:
        earlier = earlier_reply(self, request, call, pb.Segment)
        if earlier is not None:
            return earlier
        changes = convert.segment_changes(request, self._currency)
        try:
            expected = self._forecast(request, changes)
        except Refusal:  # which the effect of the first call may have caused meanwhile
            earlier = earlier_reply(self, request, call, pb.Segment)
            if earlier is None:
                raise
            return earlier
        return self._update(request, call, changes, expected)

    def _forecast(self, request: pb.UpdateSegmentRequest, changes: dict[str, Any]) -> service.Forecast:
        with self._db.read() as connection:
            return service.forecast_change(
                connection, request.segment.id, changes, request.segment.etag, self._moment()
            )

    @once(pb.Segment)
    def _update(
        self,
        tx: Connection,
        request: pb.UpdateSegmentRequest,
        call: Call,
        now: datetime,
        changes: dict[str, Any],
        expected: service.Forecast,
    ) -> pb.Segment:
        segment = service.redefine(tx, request.segment.id, changes, request.segment.etag, now)
        return convert.segment_to_wire(service.counted(tx, segment, expected), expected.moment)

    def GetSegment(self, request: pb.GetSegmentRequest, call: Call) -> pb.Segment:
        moment = self._moment()
        with self._db.read() as connection:
            segment = service.get(connection, request.segment_id)
            (counted,) = service.count(connection, [segment], moment)
        return convert.segment_to_wire(counted, moment)

    @once(Empty)
    def DeleteSegment(
        self, tx: Connection, request: pb.DeleteSegmentRequest, call: Call, now: datetime
    ) -> Empty:
        service.remove(tx, request.segment_id, request.etag)
        return Empty()

    def AnalyzeSegment(self, request: pb.AnalyzeSegmentRequest, call: Call) -> pb.SegmentAnalysis:
        moment = self._moment()
        with self._db.read() as connection:
            analysis = service.analyze(connection, request.segment_id, moment)
        return convert.analysis_to_wire(analysis, moment)

    def ListSegmentMembers(
        self, request: pb.ListSegmentMembersRequest, call: Call
    ) -> pb.ListSegmentMembersResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListSegmentMembers", call.identity.user_id, request.segment_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = service.members(
                connection, request.segment_id, self._moment(), after[0] if after else None, size + 1
            )
        items, token = self._pages.page(
            rows,
            size,
            lambda member: convert.member_to_wire(member, self._currency),
            lambda member: [member.user_id],
            *scope,
        )
        return pb.ListSegmentMembersResponse(items=items, next_page_token=token)

    def _moment(self) -> Moment:
        return Moment(self._clock(), self._currency)
