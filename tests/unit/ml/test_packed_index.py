"""Packed vectors: nearly what all floats would say, for a fraction of the room."""

from __future__ import annotations

import numpy as np
import pytest

from ml.data.arrays import Floats, Ids, normalised
from ml.models.packed_index import PACKED_FROM, PackedIndex, PatchedIndex

WIDTH = 64
NO_IDS = np.empty(0, np.int64)


def vectors(count: int, seed: int = 0) -> Floats:
    """Unit vectors around a few centres, as texts of some subjects are."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((20, WIDTH))
    return normalised(
        (centres[random.integers(0, 20, count)] + random.standard_normal((count, WIDTH)) * 0.5).astype(
            np.float32
        )
    )


def queries(rows: Floats) -> Floats:
    """What somebody may look for who means some of these."""
    some = rows[:10] if len(rows) else vectors(10)
    return normalised(some + vectors(len(some), seed=2) * np.float32(0.5))


def brute(rows: Floats, ids: Ids, query: Floats, k: int) -> Ids:
    """The ids of the k nearest by all floats."""
    nearest: Ids = ids[np.argsort(-(rows @ query))[:k]]
    return nearest


@pytest.mark.parametrize("count", [0, 1, 200, PACKED_FROM + 500])
def test_the_nearest_are_found_best_first(count: int) -> None:
    rows = vectors(count)
    ids = np.random.default_rng(1).permutation(count * 3)[:count].astype(np.int64)
    index = PackedIndex.build(ids, rows)
    for query in queries(rows):
        nearest = index.search(query, 50)
        assert len(nearest.ids) == min(50, count)
        assert (np.diff(nearest.cosines) <= 1e-6).all()
        assert nearest.ids[:1].tolist() == brute(rows, ids, query, 1).tolist()
        truth = brute(rows, ids, query, 10)
        assert len(np.intersect1d(nearest.ids, truth)) >= 0.9 * len(truth)


@pytest.mark.parametrize("count", [200, PACKED_FROM + 500])
def test_cosines_are_those_of_all_floats_to_a_hundredth(count: int) -> None:
    rows, ids = vectors(count), np.arange(count) * 2
    index, query = PackedIndex.build(ids, rows), vectors(1, seed=3)[0]
    chosen = np.array([40, 8, 13, 0], dtype=np.int64)
    cosines = index.cosines(query, chosen)
    assert np.isnan(cosines[2])
    assert np.allclose(cosines[[0, 1, 3]], rows[[20, 4, 0]] @ query, atol=0.01)
    nearest = index.search(query, 5)
    assert np.allclose(nearest.cosines, index.cosines(query, nearest.ids), atol=0.01)


def test_ids_and_vectors_must_match() -> None:
    with pytest.raises(ValueError, match="3 ids"):
        PackedIndex.build(np.arange(3), vectors(2))


def test_a_patch_speaks_for_what_changed_and_is_silent_about_what_went() -> None:
    rows, query = vectors(100), vectors(1, seed=4)[0]
    base = PackedIndex.build(np.arange(100), rows)
    first, second = base.search(query, 2).ids.tolist()
    newer = PackedIndex.build(np.array([first, 500]), np.stack([-query, query]))
    patched = PatchedIndex(base, newer, np.array(sorted([first, second, 500])))
    assert len(patched) == 100
    nearest = patched.search(query, 100)
    assert nearest.ids[0] == 500
    assert nearest.ids[-1] == first
    assert second not in nearest.ids
    cosines = patched.cosines(query, np.array([first, second, 500, 999]))
    assert np.allclose(cosines[[0, 2]], [-1, 1], atol=1e-5)
    assert np.isnan(cosines[[1, 3]]).all()


def test_nothing_can_be_searched() -> None:
    empty = PackedIndex.build(NO_IDS, np.empty((0, 0), np.float32))
    patched = PatchedIndex(empty, empty, NO_IDS)
    assert len(patched) == 0
    assert len(patched.search(vectors(1)[0], 10).ids) == 0
    assert np.isnan(patched.cosines(vectors(1)[0], np.array([1]))).all()
