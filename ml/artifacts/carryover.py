"""Fits the trained parts of an earlier artifact to today's catalogue."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ml.artifacts.schema import Contents
from ml.data.arrays import Array, Floats, Rows, rows_of
from ml.models.content import Embedder, ProductText


def aligned(
    earlier: Contents, catalogue: Contents, texts: Sequence[ProductText], *, parts: Collection[str]
) -> Contents:
    """Give the named parts of `earlier` for the products of `catalogue`.

    A product that is new since has no behaviour yet, but words; one that is gone is
    dropped. `texts` describe the products of the catalogue, in its order.
    """
    old_ids, ids = earlier.arrays["product_ids"], catalogue.arrays["product_ids"]
    result = Contents({}, {})
    if "als" in parts:
        result |= _als(earlier.part("als"), rows_of(old_ids, ids), rows_of(ids, old_ids))
    if "copurchase" in parts:
        for table in ("copurchase", "affinity"):
            result |= _neighbours(earlier, table, rows_of(old_ids, ids), rows_of(ids, old_ids))
    if "content" in parts:
        result |= _content(earlier.part("content"), texts)
    if "reorder" in parts:
        # Trees know products by what is known of them, not by name.
        result |= earlier.part("reorder")
    if "segments" in parts:
        result |= earlier.part("segments")
    return result


def _als(part: Contents, sources: Rows, targets: Rows) -> Contents:
    """`sources`: the old rows of today's products; `targets`: today's rows of the old ones; -1: none."""
    arrays = dict(part.arrays)
    items: Floats = arrays["als_item_factors"]
    arrays["als_item_factors"] = np.where(sources[:, None] >= 0, items[sources], 0).astype(np.float32)
    indptr, indices, data = _relabelled(
        arrays["als_indptr"], arrays["als_indices"], arrays["als_confidences"], targets
    )
    arrays |= {"als_indptr": indptr, "als_indices": indices, "als_confidences": data}
    return Contents(arrays, {})


def _neighbours(earlier: Contents, table: str, sources: Rows, targets: Rows) -> Contents:
    indptr, indices, weights = _relabelled(
        earlier.arrays[f"{table}_indptr"],
        earlier.arrays[f"{table}_indices"],
        earlier.arrays[f"{table}_weights"],
        targets,
    )
    lengths = np.diff(indptr)[sources] * (sources >= 0)
    starts = np.cumsum(lengths) - lengths
    entries = np.arange(lengths.sum()) + np.repeat(indptr[sources] - starts, lengths)
    arrays: dict[str, Array] = {
        f"{table}_indptr": np.append(0, np.cumsum(lengths)).astype(np.int64),
        f"{table}_indices": indices[entries],
        f"{table}_weights": weights[entries],
    }
    return Contents(arrays, {})


def _relabelled(indptr: Array, indices: Array, data: Floats, targets: Rows) -> tuple[Array, Array, Floats]:
    """A sparse table with its columns renumbered; those without a new number are left out."""
    columns = targets[indices]
    remaining = columns >= 0
    counts = np.append(0, np.cumsum(remaining))
    return counts[indptr].astype(np.int64), columns[remaining].astype(np.int32), data[remaining]


def _content(part: Contents, texts: Sequence[ProductText]) -> Contents:
    embedder = Embedder(
        part.texts["content_vocabulary"], part.arrays["content_idf"], part.arrays["content_projection"]
    )
    return Contents({**part.arrays, "content_vectors": embedder.embed(texts)}, part.texts)
