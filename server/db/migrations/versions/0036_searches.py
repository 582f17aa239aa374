"""Searches are recorded and counted; synonyms, and the queries that may be suggested."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

EXPANDS = True

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TIME = sa.DateTime(timezone=True)
_COUNTS = ("searches", "zero_results", "clicks", "cart_additions", "orders", "revenue_minor")


def upgrade() -> None:
    _create_searches()
    _create_counts()
    op.create_table(
        "suggested_queries",
        sa.Column("query", sa.String(100), nullable=False),
        sa.Column("searcher_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("query", name="pk_suggested_queries"),
    )
    op.create_table(
        "synonyms",
        sa.Column("id", _ID, nullable=False),
        sa.Column("input", sa.String(50), server_default="", nullable=False),
        sa.Column("terms", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_synonyms"),
    )
    op.create_table(
        "synonym_terms",
        sa.Column("one_way", sa.Boolean(), nullable=False),
        sa.Column("term_key", sa.String(300), nullable=False),
        sa.Column("synonym_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["synonym_id"], ["synonyms.id"], name="fk_synonym_terms_synonym_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("one_way", "term_key", name="pk_synonym_terms"),
    )
    op.create_index("ix_synonym_terms_synonym", "synonym_terms", ["synonym_id"])


def _create_searches() -> None:
    op.create_table(
        "searches",
        sa.Column("list_id", sa.String(16), nullable=False),
        sa.Column("query", sa.String(100), nullable=False),
        sa.Column("result_count", sa.Integer(), nullable=False),
        sa.Column("shown_count", sa.Integer(), nullable=False),
        sa.Column("first_position", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("visitor_id", sa.String(64), nullable=True),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("searched_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_searches_user_id"),
        sa.PrimaryKeyConstraint("list_id", name="pk_searches"),
    )
    op.create_index("ix_searches_time", "searches", ["searched_at"])


def _create_counts() -> None:
    op.create_table(
        "search_days",
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*_COUNTS, "corrected")),
        sa.Column("counted_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_search_days"),
    )
    op.create_table(
        "search_day_queries",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("query", sa.String(100), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.Column("searchers", _JSON, nullable=False),
        _of_day("search_day_queries"),
        sa.PrimaryKeyConstraint("day", "query", name="pk_search_day_queries"),
    )
    op.create_table(
        "search_day_positions",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("impressions", "clicks", "orders")),
        _of_day("search_day_positions"),
        sa.PrimaryKeyConstraint("day", "position", name="pk_search_day_positions"),
    )


def _of_day(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["day"], ["search_days.day"], name=f"fk_{table}_day", ondelete="CASCADE")


def downgrade() -> None:
    for table in (
        "synonym_terms",
        "synonyms",
        "suggested_queries",
        "search_day_positions",
        "search_day_queries",
        "search_days",
        "searches",
    ):
        op.drop_table(table)
