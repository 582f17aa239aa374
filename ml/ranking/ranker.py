"""Blends what is known of a user into one score per product, from what every source says of the same candidates.

The products of the history propose (a sum of sparse rows); every other source only speaks about what was proposed,
so that a call costs the same however wide the sources are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.arrays import Array, Doubles, Floats, Ids, Rows
from ml.models import calibration
from ml.models.neighbours import NOTHING, Found, Neighbours, spread
from ml.ranking import content_candidates
from ml.ranking.content_candidates import LATEST
from ml.ranking.neighbour_sums import Summed, joined
from ml.ranking.recent_sales import Lately
from ml.ranking.selection import Batch, Source
from ml.ranking.similarity import Likeness
from ml.ranking.user_factors import Personal
from ml.ranking.weights import FEATURES, BlendWeights

CANDIDATES = 160
"""Products that are scored by every source."""

GROWTH = 4

AFFINITY, TOGETHER, TASTE, CONTENT, RECENT = range(len(FEATURES))


@dataclass(frozen=True, eq=False)
class Asked:
    """Whom a list is for; products are rows of the catalogue, each once."""

    user_id: int
    past: Rows
    """What they bought or looked at, latest first."""
    bought: Array
    """Which of these they bought."""
    here: Rows
    """What stands on the page or is in the cart."""
    now: float
    """Seconds since 1970."""


@dataclass(frozen=True, eq=False)
class Proposed:
    """Candidates for one user: parallel arrays, in no order."""

    rows: Rows
    features: Floats
    """Candidates by `FEATURES`."""
    asked: Asked
    found: Found
    """What each product on the page, then of the history, says for others, in standard scores."""
    wordy: frozenset[int] = frozenset()
    """The positions of those products that speak by likeness in words, because nothing goes with them."""


class Tastes:
    """Proposes products to users from one artifact's arrays."""

    def __init__(
        self,
        arrays: Mapping[str, Array],
        personal: Personal,
        lately: Lately,
        likeness: Likeness,
        newcomers: int = 0,
    ) -> None:
        """`likeness` and `lately` have a row for each of the `newcomers` too, after the trained ones."""
        self._affinity = _neighbours(arrays, "affinity").extended(newcomers)
        self._together = _neighbours(arrays, "copurchase").extended(newcomers)
        self._together_scale = np.float32(1 / spread(arrays["copurchase_weights"]))
        self._personal = personal
        self._lately = lately
        self._likeness = likeness
        self._content = likeness.content
        # Newcomers count for nothing in what is standard: with them, the others score as without.
        self._trained = len(likeness.content) - newcomers
        wide = likeness.content[: self._trained].astype(np.float64)
        self.size = len(self._content)
        """The number of products."""
        self._content_gram: Doubles = wide.T @ wide / max(1, len(wide))

    def propose(self, asked: Asked, weights: BlendWeights, may: Callable[[Rows], Array]) -> Proposed | None:
        """What goes with the user's history and the page, of what `may` be listed; None when nothing does."""
        past = asked.past[: weights.seeds]
        importance = np.float32(weights.recency) ** np.arange(len(past), dtype=np.float32)
        importance[~asked.bought[: weights.seeds]] *= np.float32(weights.looked)
        own = self._affinity.of_many(past, importance)
        cross = NOTHING
        if len(asked.here):
            level = np.full(len(asked.here), self._together_scale, np.float32)
            cross = self._together.of_many(asked.here, level)
        summed = Summed(own, cross, self.size, self._trained)
        vector = self._personal.vector(asked.user_id, asked.past) if weights.taste else None
        # What may not be listed is left out first: whoever bought much would use up the candidates with it.
        rows = summed.highest(weights, CANDIDATES, may)
        if not len(rows) and vector is not None:
            # Nothing goes with what is known of them since; their factors know what they used to like.
            rows, _ = self._likeness.index.search(self._likeness.asking_taste(vector), CANDIDATES)
        if not len(rows):
            return None
        wordy = self._alike(asked.here, past, weights.recency)
        if len(wordy.rows):
            rows = np.union1d(rows, wordy.rows)
        features = np.zeros((len(rows), len(FEATURES)), dtype=np.float32)
        features[:, AFFINITY], features[:, TOGETHER] = summed.of(rows)
        if vector is not None:
            features[:, TASTE] = self._personal.scores(vector, rows)
        seeds = np.concatenate([asked.here, past])
        if weights.content:
            loudness = np.concatenate([np.ones(len(asked.here), np.float32), importance])
            features[:, CONTENT] = self._like(rows, loudness @ self._content[seeds])
        if weights.recent:
            features[:, RECENT] = self._lately.scores(rows, asked.now)
        if len(wordy.rows):
            wordy = wordy._replace(weights=_lift(features, rows, wordy, asked.past, weights))
        found = summed.parts(weights, len(asked.here))
        if len(wordy.rows):
            found = joined(found, wordy._replace(weights=wordy.weights * np.float32(weights.affinity)))
        return Proposed(rows, features, asked, found, frozenset(wordy.seeds.tolist()))

    def _alike(self, here: Rows, past: Rows, recency: float) -> Found:
        """What is like those of the latest products with which nothing goes."""
        latest = [(row, self._together) for row in here[:LATEST].tolist()]
        latest += [(row, self._affinity) for row in past[: LATEST - len(latest)].tolist()]
        speaking = [place for place, (row, neighbours) in enumerate(latest) if neighbours.has_none(row)]
        if not speaking:
            return NOTHING
        return content_candidates.proposed(self._likeness, [row for row, _ in latest], speaking, recency)

    def alone(self, source: str, asked: Asked, weights: BlendWeights) -> Floats:
        """What one source says of every product: als, copurchase or content; for measuring it alone."""
        past = asked.past[: weights.seeds]
        catalogue = np.arange(len(self._content))
        if source == "als":
            vector = self._personal.vector(asked.user_id, past)
            if vector is not None:
                return self._personal.scores(vector, catalogue)
        elif source == "content" and len(past):
            return self._like(catalogue, self._content[past].sum(axis=0))
        elif source == "copurchase":
            ones = np.ones(len(past), np.float32)
            summed = Summed(self._affinity.of_many(past, ones), NOTHING, self.size, self._trained)
            return np.asarray(summed.of(catalogue)[0], np.float32)
        return np.zeros(len(catalogue), dtype=np.float32)

    def nearest_seed(self, row: int, seeds: Rows) -> int:
        """The seed whose words are most like those of a product."""
        return int(seeds[np.argmax(self._content[seeds] @ self._content[row])])

    def _like(self, rows: Rows, profile: Floats) -> Floats:
        wide = profile.astype(np.float64)
        size = float(np.sqrt(np.maximum(wide @ self._content_gram @ wide, 0)))
        if size <= 1e-9:
            return np.zeros(len(rows), dtype=np.float32)
        return np.asarray(self._content[rows] @ (profile / np.float32(size)), dtype=np.float32)


def _neighbours(arrays: Mapping[str, Array], part: str) -> Neighbours:
    return Neighbours(*(arrays[f"{part}_{name}"] for name in ("indptr", "indices", "weights")))


def _lift(features: Floats, rows: Rows, wordy: Found, past: Rows, weights: BlendWeights) -> Floats:
    """Put what is alike among the first by adding to its affinity; gives what its entries added."""
    lifts = content_candidates.lifts(features @ _vector(weights), rows, past, wordy) / np.float32(
        weights.affinity or 1
    )
    added = np.zeros(len(rows), dtype=np.float32)
    np.maximum.at(added, np.searchsorted(rows, wordy.rows), lifts)
    features[:, AFFINITY] += added
    return np.asarray(lifts, dtype=np.float32)


class Taste:
    """The rung of the ladder that is the user's own."""

    floor, ceiling = 0.0, 1.0

    def __init__(
        self,
        proposed: Proposed,
        tastes: Tastes,
        weights: BlendWeights,
        curve: tuple[Floats, Floats],
        product_ids: Ids,
        names: Sequence[str],
    ) -> None:
        self._proposed = proposed
        self._tastes = tastes
        self._names = names
        self._shares = proposed.features * _vector(weights)
        self._totals: Floats = self._shares.sum(axis=1)
        # Of equals the newer product, whatever order the candidates came in.
        self._order = np.lexsort((-product_ids[proposed.rows], -self._totals))
        self._places: dict[int, int] = {}
        self._curve = curve

    def batches(self, wanted: int) -> Iterator[Batch]:
        """Propose by descending total."""
        start, size = 0, 2 * wanted
        while start < len(self._order):
            places = self._order[start : start + size]
            rows = self._proposed.rows[places]
            self._places.update(zip(rows.tolist(), places.tolist(), strict=True))
            yield Batch(rows, calibration.chances(self._totals[places], self._curve))
            start, size = start + size, GROWTH * size

    def explain(self, rows: Sequence[int]) -> list[tuple[Source, str]]:
        """Name the product that speaks loudest for each, or else the source that does."""
        if not rows:
            return []
        asked = self._proposed.asked
        seeds = np.concatenate([asked.here, asked.past])
        if not len(seeds):
            return [(Source.PERSONAL, "Liked by customers with your taste")] * len(rows)
        loudest = self._loudest(rows, len(seeds))
        shares = self._shares[[self._places[row] for row in rows]].tolist()
        return [
            self._reason(row, share, seed, seeds)
            for row, share, seed in zip(rows, shares, loudest.tolist(), strict=True)
        ]

    def _loudest(self, rows: Sequence[int], seeds: int) -> Rows:
        """For each row the position of the seed that says most for it."""
        found = self._proposed.found
        numbers = np.zeros(self._tastes.size, dtype=np.int16)
        numbers[rows] = np.arange(1, len(rows) + 1)
        found_numbers = numbers[found.rows]
        hits = np.flatnonzero(found_numbers)
        cells = (found_numbers[hits].astype(np.int64) - 1) * seeds + found.seeds[hits]
        table = np.bincount(cells, found.weights[hits], len(rows) * seeds)
        loudest: Rows = table.reshape(len(rows), seeds).argmax(axis=1)
        return loudest

    def _reason(self, row: int, shares: Sequence[float], seed: int, seeds: Rows) -> tuple[Source, str]:
        asked = self._proposed.asked
        neighbours = shares[AFFINITY] + shares[TOGETHER]
        if shares[RECENT] > max(neighbours, shares[CONTENT], shares[TASTE]):
            return Source.TRENDING, "Selling well now"
        if shares[TASTE] > max(neighbours, shares[CONTENT]):
            return Source.PERSONAL, "Liked by customers with your taste"
        if shares[CONTENT] > neighbours:
            return Source.SIMILAR, f"Similar to {self._names[self._tastes.nearest_seed(row, seeds)]}"
        name = self._names[seeds[seed]]
        if seed in self._proposed.wordy:
            return Source.SIMILAR, f"Similar to {name}"
        if seed < len(asked.here):
            return Source.SIMILAR, f"Often bought together with {name}"
        bought = asked.bought[seed - len(asked.here)]
        return Source.PERSONAL, f"Because you {'bought' if bought else 'looked at'} {name}"


def _vector(weights: BlendWeights) -> Floats:
    return np.array([getattr(weights, name) for name in FEATURES], dtype=np.float32)
