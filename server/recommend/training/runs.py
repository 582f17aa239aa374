"""The trainings of the shop as rows: claiming the one place, moving on, and ending; each step is announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, case, false, func, select, update

from server.catalog.models import Product
from server.db.base import AnySelect
from server.db.rows import from_row
from server.db.upsert import insert_for
from server.events.log import publish
from server.events.topics import TrainingMoved
from server.order.line_facts import HAS_NET_UNITS, NEVER_SOLD
from server.order.models import Order, OrderLine
from server.recommend.feedback.models import BehaviorEvent
from server.recommend.registry.errors import ModelNotFound
from server.recommend.registry.measures import Metrics
from server.recommend.registry.models import TrainedModel
from server.recommend.training.assignment import Assignment
from server.recommend.training.errors import TooLittleData, TrainingRunning
from server.recommend.training.models import TrainingRun

RUNNING, SUCCEEDED, FAILED, CANCELLED = "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"

SILENCE = timedelta(seconds=20)
"""A running training without a heartbeat for this long is given up: the server that ran it has gone."""

MIN_ORDERS, MIN_USERS, MIN_PRODUCTS = 20, 5, 2
"""The trainer refuses less; checked here, before a process is started for it."""

MAX_STAGE, MAX_MESSAGE = 32, 500


@dataclass(frozen=True, slots=True)
class Run:
    """One training as it stands; version and measures are those of its model, None until it has made one."""

    id: int
    model_type: str
    state: str
    stage: str
    percent: int
    message: str
    model_id: int | None
    activation: str
    cancel_requested: bool
    started_at: datetime
    ended_at: datetime | None
    version: str | None
    metrics: Metrics | None


def claim(tx: Connection, assignment: Assignment, now: datetime) -> Run:
    """Begin a training, unless one is running or the schedule's was begun already.

    Raises TrainingRunning and TooLittleData.
    """
    give_up_silent(tx, now)
    claimed = tx.execute(
        insert_for(tx)(TrainingRun)
        .values(
            model_type=assignment.model_type,
            state=RUNNING,
            stage="start",
            percent=0,
            message="Starting",
            parameters=assignment.parameters.overrides(),
            activation=assignment.activation,
            scheduled_for=assignment.scheduled_for,
            data_mark=data_mark(tx),
            started_at=now,
            heartbeat_at=now,
        )
        .on_conflict_do_nothing()
        .returning(TrainingRun.id)
    ).scalar_one_or_none()
    if claimed is None:
        raise TrainingRunning()
    require_enough(tx)
    _announce(tx, claimed)
    return get(tx, claimed)


def require_enough(connection: Connection) -> None:
    """Raise TooLittleData, saying what is missing; reads a handful of rows."""
    sold = (
        select(Order.id, Order.user_id, OrderLine.product_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(Order.status.not_in(NEVER_SOLD), HAS_NET_UNITS, Product.deleted_at.is_(None))
    )
    needs = (
        (MIN_ORDERS, "orders", sold.with_only_columns(Order.id)),
        (MIN_USERS, "customers who ordered", sold.with_only_columns(Order.user_id)),
        (MIN_PRODUCTS, "products that were ordered", sold.with_only_columns(OrderLine.product_id)),
    )
    missing = []
    for least, things, query in needs:
        column = query.selected_columns[0]
        some = query.where(column.is_not(None)).distinct().limit(least).subquery()
        count = connection.scalar(select(func.count()).select_from(some)) or 0
        if count < least:
            missing.append(f"it takes at least {least} {things}, and there are {count}")
    if missing:
        raise TooLittleData(missing="; ".join(missing))


def data_mark(connection: Connection) -> str:
    """What there is to learn from, as two looks at an index tell: the next order or event changes it."""
    newest = [connection.scalar(select(func.max(table.id))) or 0 for table in (Order, BehaviorEvent)]
    return "/".join(map(str, newest))


def give_up_silent(tx: Connection, now: datetime) -> None:
    """End a training that has shown no heartbeat for a while."""
    query = update(TrainingRun).where(TrainingRun.state == RUNNING, TrainingRun.heartbeat_at < now - SILENCE)
    state = case((TrainingRun.cancel_requested, CANCELLED), else_=FAILED)
    message = "The server that ran it went away."
    for run_id in tx.execute(
        query.values(state=state, message=message, ended_at=now).returning(TrainingRun.id)
    ).scalars():
        _announce(tx, run_id)


def move_on(tx: Connection, run_id: int, stage: str, percent: int, message: str, now: datetime) -> bool:
    """Record how far a training is; False when it is not running any more."""
    values = {"stage": stage[:MAX_STAGE], "percent": percent, "message": message[:MAX_MESSAGE]}
    if not _change(tx, run_id, values | {"heartbeat_at": now}):
        return False
    _announce(tx, run_id)
    return True


def beat(tx: Connection, run_id: int, now: datetime) -> bool:
    """Record that a training still works, without news; False when it is not running any more."""
    return _change(tx, run_id, {"heartbeat_at": now})


def request_cancel(tx: Connection, run_id: int, now: datetime) -> Run:
    """Request the end of a training, whichever server runs it; one that has ended stays as it is.

    One without a heartbeat for a while ends at once: no server would see the request. Raises ModelNotFound.
    """
    give_up_silent(tx, now)
    if _change(tx, run_id, {"cancel_requested": True}):
        _announce(tx, run_id)
    return get(tx, run_id)


def succeed(tx: Connection, run_id: int, model_id: int, message: str, now: datetime) -> bool:
    """End a training with a model; False when it was given up or cancelled before."""
    values = {"state": SUCCEEDED, "stage": "done", "percent": 100, "model_id": model_id}
    return _end(tx, run_id, values, message, now, TrainingRun.cancel_requested == false())


def fail(tx: Connection, run_id: int, message: str, now: datetime) -> bool:
    """End a training without one; False when it was given up before."""
    return _end(tx, run_id, {"state": FAILED}, message, now)


def cancel(tx: Connection, run_id: int, message: str, now: datetime) -> bool:
    """End a training that was cancelled; False when it had ended before."""
    return _end(tx, run_id, {"state": CANCELLED}, message, now)


def get(connection: Connection, run_id: int) -> Run:
    """One training; raises ModelNotFound."""
    run = _one(connection, _runs().where(TrainingRun.id == run_id))
    if run is None:
        raise ModelNotFound(f"training {run_id}", training_id=run_id)
    return run


def page(connection: Connection, before_id: int | None, limit: int) -> Sequence[Run]:
    """Trainings, the newest first, from the one before `before_id` on."""
    query = _runs().order_by(TrainingRun.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(TrainingRun.id < before_id)
    return [from_row(Run, row) for row in connection.execute(query)]


def last(connection: Connection) -> Run:
    """The training that began last; raises ModelNotFound when there was none."""
    run = _one(connection, _runs().order_by(TrainingRun.id.desc()).limit(1))
    if run is None:
        raise ModelNotFound("training yet")
    return run


def _end(
    tx: Connection,
    run_id: int,
    values: dict[str, object],
    message: str,
    now: datetime,
    *conditions: ColumnElement[bool],
) -> bool:
    values |= {"message": message[:MAX_MESSAGE], "heartbeat_at": now, "ended_at": now}
    if not _change(tx, run_id, values, *conditions):
        return False
    _announce(tx, run_id)
    return True


def _change(tx: Connection, run_id: int, values: dict[str, object], *conditions: ColumnElement[bool]) -> bool:
    query = update(TrainingRun).where(TrainingRun.id == run_id, TrainingRun.state == RUNNING, *conditions)
    return tx.execute(query.values(values).returning(TrainingRun.id)).one_or_none() is not None


def _announce(tx: Connection, run_id: int) -> None:
    publish(tx, TrainingMoved(run_id))


def _one(connection: Connection, query: AnySelect) -> Run | None:
    row = connection.execute(query).one_or_none()
    return from_row(Run, row) if row is not None else None


def _runs() -> AnySelect:
    run, model = TrainingRun, TrainedModel
    columns = (
        run.id,
        run.model_type,
        run.state,
        run.stage,
        run.percent,
        run.message,
        run.model_id,
        run.activation,
        run.cancel_requested,
        run.started_at,
        run.ended_at,
        model.version,
        model.metrics,
    )
    return select(*columns).outerjoin_from(run, model, model.id == run.model_id)
