"""Searches vectors by inner product with FAISS: an index is built whole and swapped, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from ml.data.arrays import Array, Floats, Ids

if TYPE_CHECKING:
    import faiss

HNSW_FROM = 200_000
"""Vectors from which a graph beats scanning all: a scan of 100,000 takes 1.5 ms, of a million 22 ms."""

HNSW_LINKS = 32
HNSW_BUILD_BREADTH = 80
HNSW_SEARCH_BREADTH = 96


class Index(Protocol):
    """Searches a set of vectors."""

    def __len__(self) -> int:
        """The number of vectors."""

    def search(self, vector: Floats, k: int) -> tuple[Ids, Floats]:
        """The ids of the k nearest vectors, best first, and their inner products; fewer if it holds fewer."""


class VectorIndex:
    """An immutable index; any number of threads may search it at once."""

    def __init__(self, ids: Ids, index: faiss.IndexFlatIP | faiss.IndexHNSWFlat) -> None:
        self._ids = ids
        self._index = index

    @classmethod
    def build(cls, ids: Ids, vectors: Floats, *, hnsw_from: int = HNSW_FROM) -> VectorIndex:
        """Index one row of `vectors` per id: exactly below `hnsw_from` rows, as an HNSW graph from there.

        Raises ValueError when ids and vectors do not match.
        """
        import faiss  # a shop without a model needs none

        if vectors.ndim != 2 or len(ids) != len(vectors):
            raise ValueError(f"{len(ids)} ids for vectors of shape {vectors.shape}")
        index: faiss.IndexFlatIP | faiss.IndexHNSWFlat
        if len(ids) < hnsw_from:
            index = faiss.IndexFlatIP(vectors.shape[1])
        else:
            index = faiss.IndexHNSWFlat(vectors.shape[1], HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = HNSW_BUILD_BREADTH
            index.hnsw.efSearch = HNSW_SEARCH_BREADTH
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(np.array(ids, dtype=np.int64), index)

    def __len__(self) -> int:
        return len(self._ids)

    def search(self, vector: Floats, k: int) -> tuple[Ids, Floats]:
        """The ids of the k nearest vectors, best first, and their inner products; fewer if it holds fewer."""
        import faiss

        k = min(k, len(self._ids))
        if k <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # One core per search: a server answers many at once, and splitting one costs more than it saves.
        # OpenMP keeps this number per calling thread: set once for the process, it misses the threads that search.
        faiss.omp_set_num_threads(1)
        parameters = None
        if isinstance(self._index, faiss.IndexHNSWFlat):
            # The graph finds no more neighbours than its search is broad.
            parameters = faiss.SearchParametersHNSW(  # type: ignore[attr-defined]  # missing from the stubs
                efSearch=max(HNSW_SEARCH_BREADTH, k)
            )
        query: Array = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        scores, positions = self._index.search(query, k, params=parameters)
        hits = positions[0] >= 0
        return self._ids[positions[0][hits]], scores[0][hits]


class Both:
    """Two indexes searched as one: a large one that stays, and a small one that is built anew ever so often."""

    def __init__(self, large: Index, small: Index) -> None:
        self._large = large
        self._small = small

    def __len__(self) -> int:
        return len(self._large) + len(self._small)

    def search(self, vector: Floats, k: int) -> tuple[Ids, Floats]:
        """The ids of the k nearest vectors of both, best first, and their inner products."""
        results = [index.search(vector, k) for index in (self._large, self._small)]
        ids, scores = (np.concatenate(parts) for parts in zip(*results, strict=True))
        order = np.argsort(-scores, kind="stable")[:k]
        return ids[order], scores[order]
