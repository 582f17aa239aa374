"""The table of trainings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


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
    parameters: Mapped[dict[str, object]] = mapped_column(Json, default=dict, server_default="{}")
    activation: Mapped[str] = mapped_column(String(16), default="IF_NOT_WORSE", server_default="IF_NOT_WORSE")
    cancel_requested: Mapped[bool] = mapped_column(default=False, server_default=false())
    scheduled_for: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the day's one training
    # What was there to learn.
    data_mark: Mapped[str] = mapped_column(String(64), default="", server_default="")
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
