"""What recommendations learn from: shown lists, attributed behaviour, experiments, segments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("rules", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("name_key", name=op.f("uq_segments_name_key")),
    )
    op.create_table(
        "experiments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("control_model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "challenger_model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["challenger_model_id"], ["trained_models.id"], name=op.f("fk_experiments_challenger_model_id")
        ),
        sa.ForeignKeyConstraint(
            ["control_model_id"], ["trained_models.id"], name=op.f("fk_experiments_control_model_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
    )
    with op.batch_alter_table("experiments") as batch_op:
        batch_op.create_index(
            "uq_experiments_running",
            ["state"],
            unique=True,
            sqlite_where=sa.text("state = 'RUNNING'"),
            postgresql_where=sa.text("state = 'RUNNING'"),
        )

    op.create_table(
        "segment_members",
        sa.Column("segment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recency_days", sa.Integer(), nullable=False),
        sa.Column("order_count", sa.Integer(), nullable=False),
        sa.Column("spent_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_segment_members_segment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_segment_members_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("segment_id", "user_id", name=op.f("pk_segment_members")),
    )
    with op.batch_alter_table("segment_members") as batch_op:
        batch_op.create_index("ix_segment_members_user", ["user_id"], unique=False)

    op.create_table(
        "shown_lists",
        sa.Column("list_id", sa.String(length=16), nullable=False),
        sa.Column("model_version", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("visitor_id", sa.String(length=64), nullable=True),
        sa.Column("experiment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("product_ids", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_shown_lists_experiment_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shown_lists_user_id")),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_shown_lists")),
    )
    with op.batch_alter_table("shown_lists") as batch_op:
        batch_op.create_index("ix_shown_lists_model", ["model_version", "shown_at"], unique=False)
        batch_op.create_index("ix_shown_lists_time", ["shown_at"], unique=False)

    with op.batch_alter_table("behavior_events", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("list_id", sa.String(length=16), nullable=True))
        batch_op.add_column(
            sa.Column("model_version", sa.String(length=100), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("origin", sa.String(length=16), server_default="", nullable=False))
        batch_op.create_index(
            "ix_behavior_events_attributed",
            ["model_version", "occurred_at"],
            unique=False,
            sqlite_where=sa.text("list_id IS NOT NULL"),
            postgresql_where=sa.text("list_id IS NOT NULL"),
        )
        batch_op.drop_column("attribution_token")

    with op.batch_alter_table("trained_models", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column("data_fingerprint", sa.String(length=64), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column(
                "parameters",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "library_versions",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("training_seconds", sa.Float(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("training_runs", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column(
                "parameters",
                sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column("activation", sa.String(length=16), server_default="IF_NOT_WORSE", nullable=False)
        )
        batch_op.add_column(
            sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("data_mark", sa.String(length=64), server_default="", nullable=False))
        batch_op.create_index("uq_training_runs_scheduled", ["scheduled_for"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("training_runs", recreate="never") as batch_op:
        batch_op.drop_index("uq_training_runs_scheduled")
        batch_op.drop_column("data_mark")
        batch_op.drop_column("scheduled_for")
        batch_op.drop_column("cancel_requested")
        batch_op.drop_column("activation")
        batch_op.drop_column("parameters")

    with op.batch_alter_table("trained_models", recreate="never") as batch_op:
        batch_op.drop_column("removed_at")
        batch_op.drop_column("training_seconds")
        batch_op.drop_column("library_versions")
        batch_op.drop_column("parameters")
        batch_op.drop_column("data_fingerprint")

    with op.batch_alter_table("behavior_events", recreate="never") as batch_op:
        batch_op.add_column(
            sa.Column("attribution_token", sa.String(length=512), server_default="", nullable=False)
        )
        batch_op.drop_index(
            "ix_behavior_events_attributed",
            sqlite_where=sa.text("list_id IS NOT NULL"),
            postgresql_where=sa.text("list_id IS NOT NULL"),
        )
        batch_op.drop_column("origin")
        batch_op.drop_column("model_version")
        batch_op.drop_column("list_id")

    with op.batch_alter_table("shown_lists") as batch_op:
        batch_op.drop_index("ix_shown_lists_time")
        batch_op.drop_index("ix_shown_lists_model")

    op.drop_table("shown_lists")
    with op.batch_alter_table("segment_members") as batch_op:
        batch_op.drop_index("ix_segment_members_user")

    op.drop_table("segment_members")
    with op.batch_alter_table("experiments") as batch_op:
        batch_op.drop_index(
            "uq_experiments_running",
            sqlite_where=sa.text("state = 'RUNNING'"),
            postgresql_where=sa.text("state = 'RUNNING'"),
        )

    op.drop_table("experiments")
    op.drop_table("segments")
