"""The rules of recording what users do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from server.catalog.errors import ProductNotFound
from server.clock import Clock
from server.db.database import Database
from server.errors import FieldReason, InvalidField, Refusal, UserNotFound
from server.events.log import publish
from server.events.topics import BehaviorRecorded
from server.metadata import Metadata
from server.recommend.feedback import behavior_queries as queries
from server.recommend.feedback import history_queries
from server.recommend.feedback.attribution import Attributions
from server.recommend.feedback.behavior_queries import BehaviorRow
from server.recommend.feedback.flood import Flood
from server.recommend.feedback.new_accounts import NewAccounts
from server.recommend.feedback.origins import Origins
from server.settings import Settings

SEARCH = "SEARCH"
SEARCH_VERSION = "search"
"""What stands for the version of a model in the tokens of lists that a search made."""
ADD_TO_CART = "ADD_TO_CART"
MAX_KEY = 64
"""What a key of the event table holds."""

FRESH = timedelta(minutes=5)
"""What is reported later than this is not announced as something that trends now; the next count includes it."""


@dataclass(frozen=True, slots=True)
class EventActor:
    """Who does something: a user, who may name the visitor they were, or a visitor.

    `origin` is where visitors, and users whose account is new, call from: of those an address counts for few.
    """

    user_id: int | None
    visitor_id: str = ""
    origin: str = ""

    @property
    def key(self) -> str:
        """The actor as a key of the event table."""
        return str(self.user_id) if self.user_id is not None else f"v:{self.visitor_id}"[:MAX_KEY]


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """Something that was done, as it was reported. `product_id` 0: none."""

    kind: str
    product_id: int
    query: str
    at: datetime | None
    attribution_token: str
    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BehaviorReport:
    """What somebody reports in one call."""

    actor: EventActor
    events: Sequence[ReportedEvent]


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """Something that was done, as it is kept."""

    id: int
    kind: str
    product_id: int | None
    query: str
    at: datetime
    metadata: Metadata | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """An event that was not kept: its position, the product it names, and why."""

    index: int
    product_id: int
    problem: Refusal


@dataclass(frozen=True, slots=True)
class TrackingResult:
    """How many events were kept, and why the others were not."""

    accepted: int
    errors: Sequence[Dropped]


class Tracker:
    """Records what people do."""

    def __init__(
        self, attributions: Attributions, origins: Origins, flood: Flood, new: NewAccounts, clock: Clock
    ) -> None:
        self._attributions = attributions
        self._origins = origins
        self._flood = flood
        self._new = new
        self._clock = clock

    @classmethod
    def of(cls, settings: Settings, attributions: Attributions, clock: Clock) -> Tracker:
        """As the settings say."""
        flood = Flood(settings.events_per_minute)
        return cls(attributions, Origins(settings.ring), flood, NewAccounts(), clock)

    def load(self, db: Database) -> None:
        """Learn which accounts are new, so that the first event need not wait for it."""
        with db.read() as connection:
            self._new.holds(connection, 0, self._clock())

    def admit(self, user_id: int | None, visitor_id: str, address: str, events: int) -> EventActor:
        """Who reports so many events; raises InvalidField for a nameless visitor, and TooManyEvents."""
        origin = self._origins.of(address)
        if user_id is not None:
            # Each customer of an office may report; the new accounts of an address share what its visitors have
            self._flood.admit(f"u:{user_id}", origin if self._new.may_be(user_id) else "", events)
            return EventActor(user_id, visitor_id, origin)
        if not visitor_id:
            raise InvalidField(("visitor_id", "is required when nobody is signed in", FieldReason.REQUIRED))
        self._flood.admit(f"v:{visitor_id}", origin, events)
        return EventActor(None, visitor_id, origin)

    def actor(self, user_id: int | None, visitor_id: str, address: str) -> EventActor:
        """Who does something that is not reported but seen; whose account is not new counts from anywhere."""
        if user_id is not None and not self._new.may_be(user_id):
            return EventActor(user_id, visitor_id)
        return EventActor(user_id, visitor_id, self._origins.of(address))

    def track(self, tx: Connection, reports: Sequence[BehaviorReport]) -> list[TrackingResult]:
        """Record what users, or else visitors, did: all reports by the same few statements.

        What a user did before, as the visitor they name, becomes theirs. A time to come, or none, means now. An
        attribution token that this shop did not issue is left out.
        """
        now = self._clock()
        product_ids = {event.product_id for report in reports for event in report.events if event.product_id}
        on_sale = queries.existing(tx, product_ids) if product_ids else set()
        rows, announcements, results = list[BehaviorRow](), list[BehaviorRecorded](), list[TrackingResult]()
        taken_over = _take_over(tx, reports)
        for report in reports:
            actor = self._weighed(tx, report.actor, now)
            result, own = self._judged(actor, report.events, on_sale, now)
            results.append(result)
            if own or report in taken_over:
                rows += own
                announcements.append(_recorded(actor, own, now))
        if rows:
            queries.add(tx, rows)
        if announcements:
            publish(tx, *announcements)
        return results

    def _judged(
        self, actor: EventActor, events: Sequence[ReportedEvent], on_sale: set[int], now: datetime
    ) -> tuple[TrackingResult, list[BehaviorRow]]:
        """What becomes of the events of an actor: the result, and the rows of those that are kept."""
        rows, errors = [], []
        for index, event in enumerate(events):
            problem = _problem(event, on_sale)
            if problem:
                errors.append(Dropped(index, event.product_id, problem))
            elif not self._is_recorded(event):
                rows.append(self._row(actor, event, now))
        return TrackingResult(len(events) - len(errors), errors), rows

    def _is_recorded(self, event: ReportedEvent) -> bool:
        """Whether an event says what SearchProducts has recorded when it answered."""
        if event.kind != SEARCH or not event.attribution_token:
            return False
        attribution = self._attributions.read(event.attribution_token)
        return attribution is not None and attribution.model_version == SEARCH_VERSION

    def added_to_cart(
        self, address: str, tx: Connection, user_id: int, product_id: int, attribution_token: str
    ) -> str:
        """Record, in the cart's transaction, what came into it; the cart announces it with its own event.

        Returns the origin of a caller whose account is new, for that event; "" for others.
        """
        now = self._clock()
        actor = self._weighed(tx, EventActor(user_id, origin=self._origins.of(address)), now)
        queries.add(
            tx, [self._row(actor, ReportedEvent(ADD_TO_CART, product_id, "", None, attribution_token), now)]
        )
        return actor.origin

    def _weighed(self, tx: Connection, actor: EventActor, now: datetime) -> EventActor:
        """Who has had an account for a while counts wherever they call from."""
        if actor.user_id is None or self._new.holds(tx, actor.user_id, now):
            return actor
        return replace(actor, origin="")

    def _row(self, actor: EventActor, event: ReportedEvent, now: datetime) -> BehaviorRow:
        token = event.attribution_token
        attribution = self._attributions.read(token) if token else None
        anonymous = actor.user_id is None
        return BehaviorRow(
            user_id=actor.user_id,
            visitor_id=actor.visitor_id if anonymous else None,
            kind=event.kind,
            product_id=event.product_id or None,
            query=event.query,
            custom_metadata=event.metadata or None,
            list_id=attribution.list_id if attribution else None,
            model_version=attribution.model_version if attribution else "",
            origin=actor.origin,
            occurred_at=min(event.at or now, now),
        )


def events_of(
    connection: Connection, user_id: int, kind: str | None, after: Sequence[object] | None, limit: int
) -> Sequence[RecordedEvent]:
    """What a user did, the latest first, after the keys (at, id); of one kind or (None) of all.

    Raises UserNotFound.
    """
    events = [RecordedEvent(*row) for row in history_queries.page(connection, user_id, kind, after, limit)]
    if not events and not history_queries.is_user(connection, user_id):
        raise UserNotFound(user_id=user_id)
    return events


def _problem(event: ReportedEvent, on_sale: set[int]) -> Refusal | None:
    if not event.product_id:
        required = ("product_id", f"is required for {event.kind}", FieldReason.REQUIRED)
        return None if event.kind == SEARCH else InvalidField(required)
    return None if event.product_id in on_sale else ProductNotFound(product_id=event.product_id)


def _take_over(tx: Connection, reports: Sequence[BehaviorReport]) -> set[BehaviorReport]:
    """Make users' own what visitors did whom they name; the reports of those who had done something."""
    naming = [each for each in reports if each.actor.user_id is not None and each.actor.visitor_id]
    # In one order on every worker, so that none waits for another in a circle.
    naming.sort(key=lambda report: report.actor.visitor_id)
    return {each for each in naming if queries.take_over(tx, each.actor.visitor_id, each.actor.user_id or 0)}


def _recorded(actor: EventActor, rows: Sequence[BehaviorRow], now: datetime) -> BehaviorRecorded:
    """What other workers make of it: whose history to forget, and what may trend."""
    seen = [
        (row.product_id, row.kind)
        for row in rows
        if row.product_id is not None and row.occurred_at >= now - FRESH
    ]
    return BehaviorRecorded(actor.key, actor.visitor_id, actor.origin, tuple(dict.fromkeys(seen)))
