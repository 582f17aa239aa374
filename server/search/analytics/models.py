"""Tables of the searches, and of what their counts were on each day."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, Json, UtcDateTime

MAX_QUERY = 100


class SearchRow(Base):
    """A page of results that was shown; which products stood on it is in `shown_lists`."""

    __tablename__ = "searches"

    list_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    query: Mapped[str] = mapped_column(String(MAX_QUERY))  # without case; "" for one that is not recorded
    result_count: Mapped[int] = mapped_column(Integer)  # of all pages
    shown_count: Mapped[int] = mapped_column(Integer)
    first_position: Mapped[int] = mapped_column(Integer)  # results on the pages before
    corrected: Mapped[bool]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    visitor_id: Mapped[str | None] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(16))  # of visitors and new accounts, as of behavior_events
    searched_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_searches_time", "searched_at"),)


class SearchDay(Base):
    """What the searches of a day (UTC) came to, clicks and orders included that followed later."""

    __tablename__ = "search_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    searches: Mapped[int] = mapped_column(BigInteger)
    zero_results: Mapped[int] = mapped_column(BigInteger)
    corrected: Mapped[int] = mapped_column(BigInteger)
    clicks: Mapped[int] = mapped_column(BigInteger)
    cart_additions: Mapped[int] = mapped_column(BigInteger)
    orders: Mapped[int] = mapped_column(BigInteger)
    revenue_minor: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SearchDayQuery(Base):
    """What one query of a day came to; only the most frequent ones of the day have a row."""

    __tablename__ = "search_day_queries"

    day: Mapped[date] = mapped_column(ForeignKey("search_days.day", ondelete="CASCADE"), primary_key=True)
    query: Mapped[str] = mapped_column(String(MAX_QUERY), primary_key=True)
    searches: Mapped[int] = mapped_column(BigInteger)
    zero_results: Mapped[int] = mapped_column(BigInteger)
    clicks: Mapped[int] = mapped_column(BigInteger)
    cart_additions: Mapped[int] = mapped_column(BigInteger)
    orders: Mapped[int] = mapped_column(BigInteger)
    revenue_minor: Mapped[int] = mapped_column(BigInteger)
    # Some of the people whose searches found something, as hashes: who may be counted twice is told apart by them.
    searchers: Mapped[list[str]] = mapped_column(Json)


class SearchDayPosition(Base):
    """What one position of the results of a day came to."""

    __tablename__ = "search_day_positions"

    day: Mapped[date] = mapped_column(ForeignKey("search_days.day", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    impressions: Mapped[int] = mapped_column(BigInteger)
    clicks: Mapped[int] = mapped_column(BigInteger)
    orders: Mapped[int] = mapped_column(BigInteger)
