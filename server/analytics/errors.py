"""Refusals of the analytics."""

from __future__ import annotations

from server.errors import InvalidArgument


class RangeTooLong(InvalidArgument):
    """The range has more days than are counted at once."""

    message = "The range has {days} days; {limit} are the most."


class TooManyPoints(InvalidArgument):
    """The range has too many hours or days to show each; `choices` are granularities that are coarser."""

    message = (
        "The range would have {points} points, and {limit} are the most; take a granularity of {choices}."
    )
