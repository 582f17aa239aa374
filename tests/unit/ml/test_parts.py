"""Words, trends, factors and the index, each by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_shop import make_dataset, make_interactions, make_products, no_events

from ml.data.dataset import Dataset, Events
from ml.models import als, content, trending
from ml.models.content import Embedder, ProductText
from ml.models.index import VectorIndex
from ml.models.trending import Ranking
from ml.ranking.user_factors import UserFactors

TEXTS = [
    ProductText("red mug", "Kitchen"),
    ProductText("blue mugs", "Kitchen"),
    ProductText("garden spade", "Garden"),
    ProductText("garden hose", "Garden"),
]


def test_a_new_product_stands_where_training_would_have_put_it():
    arrays, vocabulary = content.train(TEXTS, dimensions=2)
    embedder = Embedder(vocabulary, arrays["content_idf"], arrays["content_projection"])
    np.testing.assert_allclose(embedder.embed(TEXTS), arrays["content_vectors"], atol=1e-6)
    likeness = arrays["content_vectors"] @ embedder.embed([ProductText("a green mug", "kitchen")])[0]
    assert likeness[:2].min() > likeness[2:].max()


def test_singular_and_plural_are_one_word():
    assert "mug" in content.train(TEXTS, dimensions=2)[1]


def test_unknown_words_have_no_place():
    arrays, vocabulary = content.train(TEXTS, dimensions=2)
    embedder = Embedder(vocabulary, arrays["content_idf"], arrays["content_projection"])
    assert not embedder.embed([ProductText("xylophone")]).any()


@pytest.mark.parametrize("texts", [[], [ProductText("")], [ProductText("one"), ProductText("")]])
def test_hardly_any_words_are_no_error(texts: list[ProductText]):
    arrays, vocabulary = content.train(texts)
    assert arrays["content_vectors"].shape[0] == len(texts)
    assert arrays["content_projection"].shape[0] == len(vocabulary)


def test_a_large_catalogue_goes_through_the_sparse_decomposition_and_repeats_by_seed():
    rng = np.random.default_rng(0)
    texts = [ProductText(" ".join(f"w{n}" for n in rng.integers(0, 60, 5))) for _ in range(120)]
    first, second = (content.train(texts, dimensions=8, seed=3)[0] for _ in range(2))
    assert first["content_projection"].shape[1] == 8
    np.testing.assert_array_equal(first["content_vectors"], second["content_vectors"])


def test_an_order_loses_half_its_weight_in_a_half_life():
    lines = make_interactions([(1, 1, 1, 0.0), (1, 2, 2, 7 * 86_400.0), (1, 3, 3, 14 * 86_400.0)])
    arrays = trending.train(lines, np.array([1, 2, 3, 4]), half_life_days=7)
    assert arrays["trending_scores"].tolist() == pytest.approx([0.25, 0.5, 1, 0])
    assert arrays["popular_scores"].tolist() == pytest.approx([1, 1, 1, 0])


def test_rankings_within_categories_keep_the_order():
    ranking = Ranking(
        np.array([0.1, 0.9, 0.5, 0.5], np.float32), np.array([0, 1, 0, -1], np.int32), np.arange(1, 5)
    )
    assert ranking.order.tolist() == [1, 3, 2, 0]
    assert ranking.within([0]).tolist() == [2, 0]
    assert ranking.within([0, 1]).tolist() == [1, 2, 0]
    assert ranking.within([]).tolist() == []


def test_factors_repeat_by_seed_and_cold_products_are_zero():
    dataset = make_dataset()
    users = als.users_of(dataset)
    strength = als.strengths(dataset, users)
    first, second = (als.train(strength, factors=4, iterations=3, seed=1) for _ in range(2))
    other = als.train(strength, factors=4, iterations=3, seed=2)
    np.testing.assert_array_equal(first.items, second.items)
    assert (first.items != other.items).any()
    cold = np.asarray(strength.getnnz(axis=0)) == 0
    assert not first.items[cold].any()
    assert first.users.dtype == first.items.dtype == np.float32


def test_behaviour_is_worth_less_than_a_purchase_and_repeats_add_less():
    lines = make_interactions([(1, 1, 1, 0.0), (1, 2, 1, 1.0), (1, 3, 2, 0.0), (1, 3, 2, 0.0)])
    events = Events(np.array([1, 2]), np.array([3, 3]), np.array([0, 3], np.uint8), np.zeros(2))
    dataset = Dataset(make_products(3), lines, events)
    assert als.users_of(dataset).tolist() == [1, 2]
    strength = als.strengths(dataset, als.users_of(dataset)).toarray()
    assert strength[0].tolist() == pytest.approx([np.log2(3), 1, als.EVENT_STRENGTH["VIEW"]])
    assert strength[1].tolist() == pytest.approx([0, 0, als.EVENT_STRENGTH["ADD_TO_CART"]])


def test_folding_in_the_trained_products_gives_the_trained_taste():
    dataset = make_dataset()
    users = als.users_of(dataset)
    factors = als.train(als.strengths(dataset, users), factors=6, iterations=15)
    table = factors.confidences
    arrays = {
        "als_user_ids": users[:0],
        "als_user_factors": factors.users[:0],
        "als_item_factors": factors.items,
        "als_indptr": np.zeros(1, np.int64),
        "als_indices": table.indices[:0],
        "als_confidences": table.data[:0],
    }
    user_factors = UserFactors(arrays, alpha=2 * als.ALPHA, regularization=als.REGULARIZATION)
    folded = user_factors.vector(999, table.indices[: table.indptr[1]].astype(np.int64))
    assert folded is not None
    likeness = folded @ factors.users[0] / np.linalg.norm(folded) / np.linalg.norm(factors.users[0])
    assert likeness > 0.95


def test_scores_are_standard_scores(dataset: Dataset):
    users = als.users_of(dataset)
    factors = als.train(als.strengths(dataset, users), factors=6, iterations=5)
    table = factors.confidences
    arrays = {
        "als_user_ids": users,
        "als_user_factors": factors.users,
        "als_item_factors": factors.items,
        "als_indptr": table.indptr,
        "als_indices": table.indices,
        "als_confidences": table.data,
    }
    user_factors = UserFactors(arrays, alpha=10, regularization=0.01)
    scores = user_factors.scores(factors.users[3], np.arange(len(factors.items)))
    assert scores.mean() == pytest.approx(0, abs=1e-4)
    assert scores.std() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("hnsw_from", [1_000_000, 10])
def test_the_index_finds_the_nearest_from_many_threads(hnsw_from: int):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((300, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = VectorIndex.build(np.arange(1000, 1300), vectors, hnsw_from=hnsw_from)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: index.search(vectors[row], 5), range(300)))
    for row, (ids, scores) in enumerate(found):
        assert ids[0] == 1000 + row
        assert scores[0] == pytest.approx(1, abs=1e-5)
        assert (np.diff(scores) <= 0).all()


def test_the_index_gives_no_more_than_it_holds():
    index = VectorIndex.build(np.array([4, 5]), np.eye(2, dtype=np.float32))
    assert index.search(np.array([1, 0], np.float32), 10)[0].tolist() == [4, 5]
    assert (
        VectorIndex.build(np.empty(0, np.int64), np.empty((0, 2), np.float32))
        .search(np.ones(2, np.float32), 3)[0]
        .size
        == 0
    )


def test_ids_must_match_vectors():
    with pytest.raises(ValueError, match="2 ids"):
        VectorIndex.build(np.array([1, 2]), np.ones((3, 2), np.float32))


def test_the_fingerprint_ignores_the_order_of_reading_but_no_change():
    first = make_dataset()
    lines = first.interactions
    turned = Dataset(first.products, lines.where(np.ones(len(lines), bool)), no_events())
    shuffled = np.random.default_rng(1).permutation(len(lines))
    turned = Dataset(first.products, _taken(lines, shuffled), no_events())
    assert turned.fingerprint() == first.fingerprint()
    assert make_dataset(seed=1).fingerprint() != first.fingerprint()


def _taken(lines, order):
    return type(lines)(
        *(
            getattr(lines, name)[order]
            for name in ("user_ids", "product_ids", "order_ids", "quantities", "times")
        )
    )
