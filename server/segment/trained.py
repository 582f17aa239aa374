"""Stores the segments of a training in place of those of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count

from sqlalchemy import Connection

from ml.artifacts.schema import Contents
from server.clock import Clock, utc_now
from server.segment import queries
from server.segment.service import name_key


def keeper(clock: Clock = utc_now) -> Callable[[Connection, Contents], None]:
    """A hook to call after each training that yields segments, in a transaction of its own."""
    return lambda tx, contents: replace_trained(tx, contents, clock())


def replace_trained(tx: Connection, contents: Contents, now: datetime) -> None:
    """Store the segments of an artifact with their members, and delete the trained ones that it does not have.

    A segment keeps its id for as long as trainings yield one of its name. Users who are gone are left out.
    """
    arrays, texts = contents.arrays, contents.texts
    ids = [
        _segment_id(tx, name, description, now)
        for name, description in zip(texts["segments_names"], texts["segments_descriptions"], strict=True)
    ]
    queries.clear_trained(tx, ids)
    existing = queries.user_ids(tx)
    columns = ("user_ids", "recency", "frequency", "monetary")
    rows = zip(
        arrays["segments_labels"].tolist(),
        *(arrays[f"segments_{name}"].tolist() for name in columns),
        strict=True,
    )
    queries.insert_members(
        tx, ((ids[label], user_id, *numbers) for label, user_id, *numbers in rows if user_id in existing)
    )


def _segment_id(tx: Connection, name: str, description: str, now: datetime) -> int:
    """The id of a trained segment, under a free name when people gave its own to another one."""
    for free in _names(name):
        segment_id = queries.keep_trained(
            tx, {"name": free, "name_key": name_key(free), "description": description}, now
        )
        if segment_id is not None:
            return segment_id
    raise AssertionError("there is always a free name")


def _names(name: str) -> Iterator[str]:
    yield name
    yield f"{name} (trained)"
    for number in count(2):
        yield f"{name} (trained {number})"
