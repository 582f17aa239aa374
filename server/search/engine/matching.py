"""Matching: which documents answer a query, and how well."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.search.engine.interpretation import Alternative, Concept, Interpretation
from server.search.index.index import SearchIndex
from server.search.index.labels import Docs
from server.search.index.segment import NO_POSTINGS, Weights
from server.search.index.things import things_named

EXACT_SKU: Final = 1_000.0
"""Added to the product whose sku was typed: nothing else comes before it."""
UNLIKELY: Final = 0.5
"""The weight of an alternative up to which it names nothing."""


@dataclass(frozen=True, slots=True)
class Strictness:
    """What was found by measuring (docs/decisions)."""

    needed: float = 0.5
    """The share of a query, its rarer words counting for more, that a document must have, as far as any has it."""
    completeness: float = 1.0
    """How much it matters that a document has all of it."""
    brand: float = 1.25
    """What a score is worth of a product whose brand is named, against one that only speaks of it."""
    thing: float = 1.2
    """The same of a product whose category is named."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Documents in their order, each with a score."""

    docs: Docs
    scores: Weights

    def __len__(self) -> int:
        return len(self.docs)


NO_MATCHES: Final = Matches(*NO_POSTINGS)


def everything(index: SearchIndex) -> Matches:
    """Every document: what a query without words matches."""
    docs = np.arange(len(index))
    return Matches(docs, np.ones(len(docs), dtype=np.float32))


def match(index: SearchIndex, query: Interpretation, strictness: Strictness | None = None) -> Matches:
    """The documents that have enough of a query."""
    rules = strictness or Strictness()
    scores = np.zeros(len(index), dtype=np.float32)
    coverage = np.zeros(len(index), dtype=np.float32)
    total = 0.0
    for concept in query.concepts:
        total += _add(index, concept, scores, coverage)
    best = float(coverage.max(initial=0.0))
    docs: Docs = np.flatnonzero(coverage >= max(rules.needed * best, 1e-6))
    for thing in things_named([_stems_of(concept) for concept in query.concepts]):
        scores[index.postings(thing)[0]] *= rules.thing
    values = scores[docs] * (coverage[docs] / max(total, 1e-6)) ** rules.completeness
    if query.brands:
        are_of_brand = index.columns.of_brands(docs, query.brands)
        values = values * np.where(are_of_brand, np.float32(rules.brand), np.float32(1))
    if query.sku is not None:
        docs, values = _with_sku(query.sku[0], docs, values)
    return Matches(docs, values.astype(np.float32, copy=False))


def _stems_of(concept: Concept) -> list[str]:
    """What a word stands for that is one word, and likely."""
    return [each.terms[0] for each in concept.alternatives if len(each.terms) == 1 and each.weight > UNLIKELY]


def _add(index: SearchIndex, concept: Concept, scores: Weights, coverage: Weights) -> float:
    """Add what a word of the query says for each document, and return what the word counts."""
    postings = [(_postings(index, each), each.weight) for each in concept.alternatives]
    postings = [(there, weight) for there, weight in postings if len(there[0])]
    frequency = min(sum(weight * len(docs) for (docs, _), weight in postings), len(index))
    importance = math.log1p((len(index) - frequency + 0.5) / (frequency + 0.5))
    if len(postings) == 1:
        (docs, weights), weight = postings[0]
        scores[docs] += (importance * weight) * weights
        coverage[docs] += importance * weight
    elif postings:
        _add_best(postings, importance, scores, coverage)
    return importance


def _add_best(
    postings: list[tuple[tuple[Docs, Weights], float]], importance: float, scores: Weights, coverage: Weights
) -> None:
    """Add to each document what the best of several alternatives says for it."""
    best = np.zeros_like(scores)
    likelihood = np.zeros_like(scores)
    for (docs, weights), weight in postings:
        best[docs] = np.maximum(best[docs], weight * weights)
        likelihood[docs] = np.maximum(likelihood[docs], weight)
    scores += importance * best
    coverage += importance * likelihood


def _postings(index: SearchIndex, alternative: Alternative) -> tuple[Docs, Weights]:
    """The documents with all terms of an alternative; each weighs what its lightest does."""
    docs, weights = index.postings(alternative.terms[0])
    for term in alternative.terms[1:]:
        others, theirs = index.postings(term)
        docs, mine, other = np.intersect1d(docs, others, assume_unique=True, return_indices=True)
        weights = np.minimum(weights[mine], theirs[other])
    return (docs.astype(np.intp), weights) if len(docs) else NO_POSTINGS


def _with_sku(doc: int, docs: Docs, scores: NDArray[np.float32]) -> tuple[Docs, Weights]:
    position = int(np.searchsorted(docs, doc))
    if position == len(docs) or docs[position] != doc:
        docs, scores = np.insert(docs, position, doc), np.insert(scores, position, 0.0)
    scores[position] += EXACT_SKU
    return docs, scores
