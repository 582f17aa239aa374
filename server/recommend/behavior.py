"""The rules of recording what users do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from server.errors import InvalidField
from server.events.log import BEHAVIOR, NewEvent, publish
from server.recommend import queries
from server.recommend.attribution import Attributions

SEARCH = "SEARCH"
LONGEST_KEY = 64
"""What a key of the event table holds."""


@dataclass(frozen=True, slots=True)
class Did:
    """Something that was done, as it was reported. `product_id` 0: none."""

    kind: str
    product_id: int
    query: str
    at: datetime | None
    attribution_token: str


@dataclass(frozen=True, slots=True)
class Tracked:
    """How many events were kept, and why the others were not, by their position."""

    accepted: int
    errors: Sequence[tuple[int, str]]


def track(
    tx: Connection,
    user_id: int | None,
    visitor_id: str,
    deeds: Sequence[Did],
    attributions: Attributions,
    now: datetime,
) -> Tracked:
    """Record what a user, or else a visitor, did; raises InvalidField for a nameless visitor.

    A time to come, or none, means now. An attribution token that this shop did not issue is left out.
    """
    if user_id is None and not visitor_id:
        raise InvalidField(("visitor_id", "is required when nobody is signed in"))
    wanted = {deed.product_id for deed in deeds if deed.product_id}
    on_sale = queries.existing(tx, wanted) if wanted else set()
    rows, errors = [], []
    for index, deed in enumerate(deeds):
        problem = _problem(deed, on_sale)
        if problem:
            errors.append((index, problem))
            continue
        attribution = attributions.read(deed.attribution_token) if deed.attribution_token else None
        rows.append(
            {
                "user_id": user_id,
                "visitor_id": visitor_id if user_id is None else None,
                "kind": deed.kind,
                "product_id": deed.product_id or None,
                "query": deed.query,
                "list_id": attribution.list_id if attribution else None,
                "model_version": attribution.model_version if attribution else "",
                "occurred_at": min(deed.at or now, now),
            }
        )
    if rows:
        queries.add_behavior(tx, rows)
        key = str(user_id) if user_id is not None else f"v:{visitor_id}"[:LONGEST_KEY]
        publish(tx, NewEvent(BEHAVIOR, key))
    return Tracked(len(rows), errors)


def _problem(deed: Did, on_sale: set[int]) -> str:
    if not deed.product_id:
        return "" if deed.kind == SEARCH else f"product_id is required for {deed.kind}."
    return "" if deed.product_id in on_sale else f"There is no product {deed.product_id}."
