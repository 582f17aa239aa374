"""Tables of the recommendations: what users did, what they were shown, trainings, models and experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, Integer, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class BehaviorEvent(Base):
    """Something a user or visitor did."""

    __tablename__ = "behavior_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    visitor_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"))
    query: Mapped[str] = mapped_column(String(200), default="")
    list_id: Mapped[str | None] = mapped_column(String(16))  # the list of recommendations that led to it
    model_version: Mapped[str] = mapped_column(String(100), default="", server_default="")  # of that list
    # Where a visitor, or somebody whose account was new, called from.
    origin: Mapped[str] = mapped_column(String(16), default="", server_default="")
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_behavior_events_user", "user_id", "occurred_at"),
        Index("ix_behavior_events_visitor", "visitor_id", "occurred_at"),
        Index("ix_behavior_events_time", "occurred_at"),
        Index(
            "ix_behavior_events_attributed",
            "model_version",
            "occurred_at",
            sqlite_where=text("list_id IS NOT NULL"),
            postgresql_where=text("list_id IS NOT NULL"),
        ),
    )


class ShownList(Base):
    """A list of recommendations that was shown: the products by position."""

    __tablename__ = "shown_lists"

    list_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    model_version: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(
        String(16)
    )  # HOMEPAGE, PRODUCT, CART, SIMILAR, TOGETHER, TRENDING, REORDER
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    visitor_id: Mapped[str | None] = mapped_column(String(64))
    experiment_id: Mapped[int | None] = mapped_column(ForeignKey("experiments.id"))
    product_ids: Mapped[list[int]] = mapped_column(Json)
    shown_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_shown_lists_model", "model_version", "shown_at"),
        Index("ix_shown_lists_time", "shown_at"),
    )


class TrainingRun(Base):
    """One run of the training; the partial unique index lets one run at a time in the whole cluster."""

    __tablename__ = "training_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_type: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(32), default="")
    percent: Mapped[int] = mapped_column(Integer, default=0)
    message: Mapped[str] = mapped_column(String(500), default="")
    model_id: Mapped[int | None] = mapped_column(ForeignKey("trained_models.id"))
    parameters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    activation: Mapped[str] = mapped_column(String(16), default="IF_NOT_WORSE", server_default="IF_NOT_WORSE")
    cancel_requested: Mapped[bool] = mapped_column(default=False, server_default=false())
    scheduled_for: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the day's one training
    data_mark: Mapped[str] = mapped_column(
        String(64), default="", server_default=""
    )  # what was there to learn
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_training_runs_scheduled", "scheduled_for", unique=True),
        Index(
            "uq_training_runs_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'RUNNING'"),
            postgresql_where=text("state = 'RUNNING'"),
        ),
    )


class TrainedModel(Base):
    """A trained model: the name of its artifact and how it measured. One is active."""

    __tablename__ = "trained_models"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[str] = mapped_column(String(100), unique=True)
    model_type: Mapped[str] = mapped_column(String(16))
    metrics: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    data_fingerprint: Mapped[str] = mapped_column(String(64), default="", server_default="")
    parameters: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    library_versions: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    training_seconds: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its artifact was deleted
    is_active: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_trained_models_active",
            "is_active",
            unique=True,
            sqlite_where=text("is_active"),
            postgresql_where=text("is_active"),
        ),
    )


class Experiment(Base):
    """An A/B test of a challenger against the model in use; the partial unique index lets one run at a time."""

    __tablename__ = "experiments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    control_model_id: Mapped[int] = mapped_column(ForeignKey("trained_models.id"))
    challenger_model_id: Mapped[int] = mapped_column(ForeignKey("trained_models.id"))
    percent: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_experiments_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'RUNNING'"),
            postgresql_where=text("state = 'RUNNING'"),
        ),
    )
