"""Tables of the trained models, and of the experiments that compare them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, Integer, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, UtcDateTime


class TrainedModel(Base):
    """A trained model: the name of its artifact and how it measured. One is active."""

    __tablename__ = "trained_models"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[str] = mapped_column(String(100), unique=True)
    model_type: Mapped[str] = mapped_column(String(16))
    metrics: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    data_fingerprint: Mapped[str] = mapped_column(String(64), default="", server_default="")
    parameters: Mapped[dict[str, object]] = mapped_column(Json, default=dict, server_default="{}")
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
