"""The array types the package speaks, and the few operations every part needs on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Ids = NDArray[np.int64]
Rows = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def rows_of(sorted_ids: Ids, ids: Ids) -> Rows:
    """Give the position of each of these ids in `sorted_ids`, or -1 where it is absent."""
    if len(sorted_ids) == 0:
        return np.full(len(ids), -1, dtype=np.int64)
    positions = np.minimum(np.searchsorted(sorted_ids, ids), len(sorted_ids) - 1)
    return np.where(sorted_ids[positions] == ids, positions, -1)


def first_of_pairs(left: Array, right: Array) -> Rows:
    """Give the position of the first occurrence of each distinct pair of integers, ordered by pair."""
    order: Rows = np.lexsort((right, left))
    ordered_left, ordered_right = left[order], right[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (ordered_left[1:] != ordered_left[:-1]) | (ordered_right[1:] != ordered_right[:-1])
    return order[new]


def normalised(vectors: Floats) -> Floats:
    """Scale each row to length one; a row of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
