"""Refusals of the analytics."""

from __future__ import annotations

from server.errors import AlreadyExists, FailedPrecondition, NotFound


class SegmentNotFound(NotFound):
    """No such segment."""

    message = "There is no segment {segment_id}."


class SegmentTaken(AlreadyExists):
    """Another segment has the name, whatever its case."""

    message = "There is another segment {name}: choose another name."


class SegmentIsTrained(FailedPrecondition):
    """Training makes the segment anew each time."""

    message = "The segment {segment_id} is made by training: it cannot be changed or deleted by hand."
