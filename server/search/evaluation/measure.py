"""How good search is, and how fast, by judgements; beside it plain full-text search on the same products."""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from server.search.evaluation.data import Judgements
from server.search.index.documents import Document, attributes_of

DEPTH: Final = 10

Find = Callable[[str], tuple[Sequence[int], int]]
"""The products that a query finds, the best first, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What queries found, on average."""

    queries: int
    unanswerable: int
    """Those of them of whose products none was judged relevant: whatever is found, nothing is a good answer."""
    ndcg: float
    """Of the others."""
    zero_results: float
    """The share of queries that found nothing."""
    p50_ms: float
    p99_ms: float

    @property
    def ndcg_of_all(self) -> float:
        """NDCG where each query without a good answer counts as 0."""
        return self.ndcg * (1 - self.unanswerable / self.queries)

    def as_json(self) -> Mapping[str, object]:
        """The figures by the names of `sanset evaluate --json`."""
        return {
            "queries": self.queries,
            "unanswerable": self.unanswerable,
            f"ndcg@{DEPTH}": round(self.ndcg, 4),
            f"ndcg@{DEPTH}_of_all": round(self.ndcg_of_all, 4),
            "zero_results": round(self.zero_results, 4),
            "p50_ms": round(self.p50_ms, 3),
            "p99_ms": round(self.p99_ms, 3),
        }


def measure(find: Find, judgements: Judgements, typed: Callable[[str], str] = lambda query: query) -> Quality:
    """Search for each judged query, as it was `typed`.

    NDCG is of the queries that have a good answer; times, and what found nothing, of all.
    """
    gains: list[float] = []
    seconds: list[float] = []
    empty = 0
    for query, ratings in judgements.items():
        text = typed(query)
        began = time.perf_counter()
        product_ids, total = find(text)
        seconds.append(time.perf_counter() - began)
        if any(ratings.values()):  # of the others nothing is a good answer
            gains.append(ndcg(product_ids, ratings))
        empty += total == 0
    return Quality(
        queries=len(seconds),
        unanswerable=len(seconds) - len(gains),
        ndcg=float(np.mean(gains)) if gains else 0.0,
        zero_results=empty / len(seconds),
        p50_ms=1000 * float(np.percentile(seconds, 50)),
        p99_ms=1000 * float(np.percentile(seconds, 99)),
    )


def ndcg(product_ids: Sequence[int], ratings: Mapping[int, int]) -> float:
    """NDCG@10 with the gain 2^rating - 1; what was not judged is worth nothing."""
    best = _gain(sorted(ratings.values(), reverse=True))
    return _gain([ratings.get(product_id, 0) for product_id in product_ids]) / best if best else 0.0


def _gain(ratings: Sequence[int]) -> float:
    return math.fsum(
        (2**rating - 1) / math.log2(position + 2) for position, rating in enumerate(ratings[:DEPTH])
    )


def full_text(documents: Sequence[Document]) -> Find:
    """SQLite's full-text search (FTS5, bm25), any word of the query: what search has to be better than."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='porter unicode61')")
    database.executemany(
        "INSERT INTO texts (rowid, text) VALUES (?, ?)",
        ((document.product_id, _text(document)) for document in documents),
    )

    def find(query: str) -> tuple[Sequence[int], int]:
        words = re.findall(r"\w+", query)
        if not words:
            return (), 0
        rows = database.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY bm25(texts) LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words), DEPTH),
        ).fetchall()
        return [row[0] for row in rows], len(rows)

    return find


def _text(document: Document) -> str:
    values = " ".join(value for _, value in attributes_of(document.attributes))
    parts = (
        document.brand,
        document.name,
        *document.categories,
        *document.tags,
        document.description,
        values,
    )
    return " ".join(parts)
