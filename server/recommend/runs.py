"""The trainings of the shop as rows: claiming the one place, moving on, and ending; each step is announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from server.catalog.models import Product
from server.db.upsert import insert_for
from server.events.log import TRAINING, NewEvent, publish
from server.order.models import Order, OrderLine
from server.recommend.errors import ModelNotFound, TooLittleData, TrainingRunning
from server.recommend.models import TrainingRun
from server.recommend.queries import UNSOLD

RUNNING, SUCCEEDED, FAILED = "RUNNING", "SUCCEEDED", "FAILED"

SILENCE = timedelta(seconds=60)
"""A running training that was not heard of for this long is given up: the server that ran it has gone."""

MIN_ORDERS, MIN_USERS, MIN_PRODUCTS = 20, 5, 2
"""What training refuses to work with less than; told here before a process is started for it."""

LONGEST_STAGE, LONGEST_MESSAGE = 32, 500


@dataclass(frozen=True, slots=True)
class Run:
    """One training as it stands."""

    id: int
    model_type: str
    state: str
    stage: str
    percent: int
    message: str
    model_id: int | None
    started_at: datetime
    ended_at: datetime | None


def claim(tx: Connection, model_type: str, now: datetime) -> Run:
    """Begin a training, unless one is running; raises TrainingRunning and TooLittleData."""
    require_enough(tx)
    give_up_silent(tx, now)
    claimed = tx.execute(
        insert_for(tx)(TrainingRun)
        .values(
            model_type=model_type,
            state=RUNNING,
            stage="start",
            percent=0,
            message="Starting",
            started_at=now,
            heartbeat_at=now,
        )
        .on_conflict_do_nothing()
        .returning(TrainingRun.id)
    ).scalar_one_or_none()
    if claimed is None:
        raise TrainingRunning()
    _announce(tx, claimed)
    return get(tx, claimed)


def require_enough(connection: Connection) -> None:
    """Raise TooLittleData, saying what is missing; reads a handful of rows."""
    sold = (
        select(Order.id, Order.user_id, OrderLine.product_id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, Product.id == OrderLine.product_id)
        .where(Order.status.not_in(UNSOLD), Product.deleted_at.is_(None))
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


def give_up_silent(tx: Connection, now: datetime) -> None:
    """Fail a training that was not heard of for a minute."""
    query = update(TrainingRun).where(TrainingRun.state == RUNNING, TrainingRun.heartbeat_at < now - SILENCE)
    message = "The server that ran it went away."
    for run_id in tx.execute(
        query.values(state=FAILED, message=message, ended_at=now).returning(TrainingRun.id)
    ).scalars():
        _announce(tx, run_id)


def move_on(tx: Connection, run_id: int, stage: str, percent: int, message: str, now: datetime) -> bool:
    """Record how far a training is; False when it is not running any more."""
    values = {"stage": stage[:LONGEST_STAGE], "percent": percent, "message": message[:LONGEST_MESSAGE]}
    if not _change(tx, run_id, values | {"heartbeat_at": now}):
        return False
    _announce(tx, run_id)
    return True


def breathe(tx: Connection, run_id: int, now: datetime) -> bool:
    """Record that a training still works, without news; False when it is not running any more."""
    return _change(tx, run_id, {"heartbeat_at": now})


def succeed(tx: Connection, run_id: int, model_id: int, message: str, now: datetime) -> bool:
    """End a training with a model; False when it was given up before."""
    values = {"state": SUCCEEDED, "stage": "done", "percent": 100, "model_id": model_id}
    return _end(tx, run_id, values, message, now)


def fail(tx: Connection, run_id: int, message: str, now: datetime) -> bool:
    """End a training without one; False when it was given up before."""
    return _end(tx, run_id, {"state": FAILED}, message, now)


def get(connection: Connection, run_id: int) -> Run:
    """One training; raises ModelNotFound."""
    return _one(connection, _runs().where(TrainingRun.id == run_id), f"training {run_id}")


def last(connection: Connection) -> Run:
    """The training that began last; raises ModelNotFound when there was none."""
    return _one(connection, _runs().order_by(TrainingRun.id.desc()).limit(1), "training yet")


def _end(tx: Connection, run_id: int, values: dict[str, Any], message: str, now: datetime) -> bool:
    values |= {"message": message[:LONGEST_MESSAGE], "heartbeat_at": now, "ended_at": now}
    if not _change(tx, run_id, values):
        return False
    _announce(tx, run_id)
    return True


def _change(tx: Connection, run_id: int, values: dict[str, Any]) -> bool:
    query = update(TrainingRun).where(TrainingRun.id == run_id, TrainingRun.state == RUNNING)
    return tx.execute(query.values(values).returning(TrainingRun.id)).one_or_none() is not None


def _announce(tx: Connection, run_id: int) -> None:
    publish(tx, NewEvent(TRAINING, str(run_id)))


def _one(connection: Connection, query: Select[Any], what: str) -> Run:
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ModelNotFound(what=what)
    return Run(*row)


def _runs() -> Select[Any]:
    run = TrainingRun
    columns: Sequence[Any] = (
        run.id,
        run.model_type,
        run.state,
        run.stage,
        run.percent,
        run.message,
        run.model_id,
        run.started_at,
        run.ended_at,
    )
    return select(*columns)
