"""Searches wide vectors in a fraction of their room: short codes find candidates, longer ones rank them.

Of 384 floats of a sentence model, 48 bytes (4-bit product quantisation, André, Kermarrec and Le Scouarnec, "Cache
locality is not enough", VLDB 2015) are looked through, and 384 (one for each) are compared: a scan of all floats
would cost more than the rest of a search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml.data.arrays import Floats, Ids, rows_of

if TYPE_CHECKING:
    import faiss

PACKED_FROM = 2_000
"""Vectors from which codes are learned; fewer are compared as they are."""

LEARNED_FROM = 16_384
"""Vectors that the short codes are learned from at most: their 16 values each need no more."""

PIECE = 4
"""Neighbouring numbers of a vector that share a short code."""

CANDIDATES = 4
"""Candidates that the longer codes rank, for each hit."""


class Nearest(NamedTuple):
    """Ids by descending cosine."""

    ids: Ids
    cosines: Floats


class PackedIndex:
    """An immutable index of unit vectors; any number of threads may search it at once."""

    def __init__(self, ids: Ids, exact: faiss.Index, packed: faiss.Index | None) -> None:
        """`ids` ascend; `exact` gives vectors back, `packed` finds them faster."""
        self._ids = ids
        self._exact = exact
        self._packed = packed

    @classmethod
    def build(cls, ids: Ids, vectors: Floats, *, packed_from: int = PACKED_FROM) -> PackedIndex:
        """Index one row of `vectors` per id, in any order; no id twice.

        Raises ValueError when ids and vectors do not match.
        """
        import faiss  # a shop without a model needs none

        if vectors.ndim != 2 or len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids for vectors of shape {vectors.shape}")
        faiss.omp_set_num_threads(1)
        order = np.argsort(ids)
        rows, width = np.ascontiguousarray(vectors[order], dtype=np.float32), vectors.shape[1]
        if len(rows) < packed_from or width % PIECE:
            flat = faiss.IndexFlatIP(width)
            flat.add(rows)
            return cls(ids[order], flat, None)
        exact = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        exact.train(rows)
        short = faiss.IndexPQFastScan(width, width // PIECE, 4, faiss.METRIC_INNER_PRODUCT)
        short.train(_sample(rows))
        packed = faiss.IndexRefine(short, exact)
        packed.k_factor = CANDIDATES
        packed.add(rows)
        return cls(ids[order], exact, packed)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Ids:
        """The ids, ascending. Not to be changed."""
        return self._ids

    def search(self, vector: Floats, k: int) -> Nearest:
        """The k nearest, best first; fewer if it holds fewer."""
        import faiss

        k = min(k, len(self._ids))
        if k <= 0:
            return Nearest(np.empty(0, np.int64), np.empty(0, np.float32))
        # OpenMP keeps this number per calling thread: see VectorIndex.
        faiss.omp_set_num_threads(1)
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        cosines, rows = (self._packed or self._exact).search(query, k)
        hits = rows[0] >= 0
        return Nearest(self._ids[rows[0][hits]], cosines[0][hits])

    def cosines(self, vector: Floats, ids: Ids) -> Floats:
        """The cosines of these ids; NaN where it has none of them."""
        cosines = np.full(len(ids), np.nan, dtype=np.float32)
        rows = rows_of(self._ids, ids)
        present = rows >= 0
        if present.any():
            cosines[present] = self._exact.reconstruct_batch(rows[present]) @ vector
        return cosines


class PatchedIndex:
    """An index with a few vectors that are newer than it, and without those that were taken away since."""

    def __init__(self, base: PackedIndex, newer: PackedIndex, outdated: Ids) -> None:
        """`outdated` are the ids, ascending, for which `base` does not speak any more."""
        self._base = base
        self._newer = newer
        self._outdated = outdated

    def __len__(self) -> int:
        return len(self._base) + len(self._newer) - int(np.isin(self._outdated, self._base.ids).sum())

    def search(self, vector: Floats, k: int) -> Nearest:
        """The k nearest of both, best first."""
        ids, cosines = self._base.search(vector, k + min(k, len(self._outdated)))
        current = ~np.isin(ids, self._outdated)
        newer = self._newer.search(vector, k)
        ids, cosines = np.append(ids[current], newer.ids), np.append(cosines[current], newer.cosines)
        order = np.argsort(-cosines, kind="stable")[:k]
        return Nearest(ids[order], cosines[order])

    def cosines(self, vector: Floats, ids: Ids) -> Floats:
        """The cosines of these ids; NaN where it has none of them."""
        outdated = np.isin(ids, self._outdated)
        base, newer = self._base.cosines(vector, ids), self._newer.cosines(vector, ids)
        return np.where(outdated, newer, base)


def _sample(rows: Floats) -> Floats:
    if len(rows) <= LEARNED_FROM:
        return rows
    sample = np.random.default_rng(0).choice(len(rows), LEARNED_FROM, replace=False)
    return rows[np.sort(sample)]
