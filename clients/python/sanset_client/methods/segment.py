"""Groups customers by rules and by training, and tells admins what each group has in common.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import segment_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare


def list_segments(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the segments of customers, by name: those found by training, and those defined by rules."""
    return prepare(
        segment_pb2.ListSegmentsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def create_segment(
    *,
    segment: segment_pb2.Segment | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Defines a segment by rules: everyone whom all of them fit belongs to it, at any moment.

    Returns ALREADY_EXISTS (SEGMENT_TAKEN) when another segment has the name, whatever its case.
    """
    return prepare(
        segment_pb2.CreateSegmentRequest,
        timeout,
        metadata,
        segment=segment,
        request_id=request_id,
    )


def update_segment(
    *,
    segment: segment_pb2.Segment | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a segment defined by rules, and returns it: its members are those whom the new rules fit, at once.

    Over HTTP PUT replaces the segment, PATCH changes what is sent, null clears. Returns NOT_FOUND (SEGMENT_NOT_FOUND),
    ABORTED (STALE_ETAG), ALREADY_EXISTS (SEGMENT_TAKEN), and FAILED_PRECONDITION (SEGMENT_IS_TRAINED) for one that
    training made.
    """
    return prepare(
        segment_pb2.UpdateSegmentRequest,
        timeout,
        metadata,
        segment=segment,
        update_mask=update_mask,
        request_id=request_id,
    )


def get_segment(
    *,
    segment_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a segment with the number of its members. Returns NOT_FOUND (SEGMENT_NOT_FOUND)."""
    return prepare(
        segment_pb2.GetSegmentRequest,
        timeout,
        metadata,
        segment_id=segment_id,
    )


def delete_segment(
    *,
    segment_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a segment defined by rules; its customers stay.

    Returns NOT_FOUND (SEGMENT_NOT_FOUND), FAILED_PRECONDITION (SEGMENT_IS_TRAINED) for one that training made.
    """
    return prepare(
        segment_pb2.DeleteSegmentRequest,
        timeout,
        metadata,
        segment_id=segment_id,
        etag=etag,
        request_id=request_id,
    )


def analyze_segment(
    *,
    segment_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Says what the members of a segment have in common: how recently, how often and for how much they buy, and
    which categories and products they buy most. Returns NOT_FOUND (SEGMENT_NOT_FOUND).
    """
    return prepare(
        segment_pb2.AnalyzeSegmentRequest,
        timeout,
        metadata,
        segment_id=segment_id,
    )


def list_segment_members(
    *,
    segment_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the members of a segment, by id. Returns NOT_FOUND (SEGMENT_NOT_FOUND)."""
    return prepare(
        segment_pb2.ListSegmentMembersRequest,
        timeout,
        metadata,
        segment_id=segment_id,
        page_size=page_size,
        page_token=page_token,
    )


class SegmentMethods:
    """Groups customers by rules and by training, and tells admins what each group has in common."""

    list_segments = Unary("ListSegments", list_segments, segment_pb2.ListSegmentsResponse)
    iter_segments = Items("ListSegments", list_segments.request, segment_pb2.Segment)
    create_segment = Unary("CreateSegment", create_segment, segment_pb2.Segment)
    update_segment = Unary("UpdateSegment", update_segment, segment_pb2.Segment)
    get_segment = Unary("GetSegment", get_segment, segment_pb2.Segment)
    delete_segment = Unary("DeleteSegment", delete_segment, empty_pb2.Empty)
    analyze_segment = Unary("AnalyzeSegment", analyze_segment, segment_pb2.SegmentAnalysis)
    list_segment_members = Unary("ListSegmentMembers", list_segment_members, segment_pb2.ListSegmentMembersResponse)
    iter_segment_members = Items("ListSegmentMembers", list_segment_members.request, segment_pb2.SegmentMember)
