"""Places products in a space of meanings from their words: TF-IDF, then truncated singular values (LSA).

Deerwester, Dumais, Furnas, Landauer and Harshman, "Indexing by Latent Semantic Analysis", JASIS 41(6), 1990.
The vocabulary and the projection are kept, so that a product created after training has a place at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ml.data.arrays import Array, Floats, normalised
from ml.data.dataset import Products

if TYPE_CHECKING:
    from scipy import sparse

DIMENSIONS = 64
VOCABULARY_LIMIT = 30_000
NAME_WEIGHT, CATEGORY_WEIGHT, BRAND_WEIGHT, DESCRIPTION_WEIGHT = 1.0, 0.7, 0.5, 0.3

_WORD = re.compile(r"[^\W_]+")


class ProductText(NamedTuple):
    """The words that describe one product."""

    name: str
    category: str = ""
    brand: str = ""
    description: str = ""


def texts_of(products: Products) -> list[ProductText]:
    """The describing words of each product; a category stands with its ancestors."""
    return [
        ProductText(name, products.category_paths.get(int(category_id), ""), brand, description)
        for name, category_id, brand, description in zip(
            products.names, products.category_ids, products.brands, products.descriptions, strict=True
        )
    ]


def train(
    texts: Sequence[ProductText], *, dimensions: int = DIMENSIONS, seed: int = 0
) -> tuple[dict[str, Array], list[str]]:
    """Give the arrays of `Embedder`, each product's vector (`content_vectors`), and the vocabulary."""
    words = [_weighted_words(text) for text in texts]
    vocabulary, frequencies = _vocabulary(words)
    inverse = (np.log((1 + len(texts)) / (1 + frequencies)) + 1).astype(np.float32)
    matrix = _tf_idf(words, {word: column for column, word in enumerate(vocabulary)}, inverse)
    projection = _projection(matrix, dimensions, seed)
    vectors = _placed(matrix, projection)
    arrays = {"content_idf": inverse, "content_projection": projection, "content_vectors": vectors}
    return arrays, vocabulary


class Embedder:
    """Places text in the trained space."""

    def __init__(self, vocabulary: Sequence[str], inverse: Floats, projection: Floats) -> None:
        self._columns = {word: column for column, word in enumerate(vocabulary)}
        self._inverse = inverse
        self._projection = projection

    def embed(self, texts: Sequence[ProductText]) -> Floats:
        """A unit vector for each text; zeros where no word is known."""
        matrix = _tf_idf([_weighted_words(text) for text in texts], self._columns, self._inverse)
        return _placed(matrix, self._projection)


def _placed(matrix: sparse.csr_matrix, projection: Floats) -> Floats:
    vectors = np.asarray(matrix @ projection, dtype=np.float32)
    return normalised(vectors.reshape(matrix.shape[0], projection.shape[1]))


def _weighted_words(text: ProductText) -> dict[str, float]:
    weights: dict[str, float] = {}
    fields = (
        (text.name, NAME_WEIGHT),
        (text.category, CATEGORY_WEIGHT),
        (text.brand, BRAND_WEIGHT),
        (text.description, DESCRIPTION_WEIGHT),
    )
    for field, weight in fields:
        for word in _words(field):
            weights[word] = weights.get(word, 0) + weight
    return weights


def _words(text: str) -> Iterable[str]:
    for word in _WORD.findall(text.lower()):
        # Shops name the same thing in singular and plural; a fuller stemmer gains little on titles.
        yield word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _vocabulary(texts: Sequence[Mapping[str, float]]) -> tuple[list[str], Floats]:
    """The most used words and how many texts hold each; a word of only one text links it to nothing."""
    counts = Counter(word for words in texts for word in words)
    shared = [(word, count) for word, count in counts.items() if count > 1] or list(counts.items())
    frequent = sorted(shared, key=lambda pair: (-pair[1], pair[0]))[:VOCABULARY_LIMIT]
    return [word for word, _ in frequent], np.array([count for _, count in frequent], dtype=np.float32)


def _tf_idf(
    texts: Sequence[Mapping[str, float]], columns: Mapping[str, int], inverse: Floats
) -> sparse.csr_matrix:
    from scipy import sparse  # a shop without a model needs none

    indptr, indices, data = [0], list[int](), list[float]()
    for words in texts:
        weighted = [(columns[word], weight) for word, weight in words.items() if word in columns]
        indices.extend(column for column, _ in weighted)
        data.extend(weight for _, weight in weighted)
        indptr.append(len(indices))
    cells = np.array(indices, dtype=np.int32)
    matrix = sparse.csr_matrix(
        (np.array(data, dtype=np.float32) * inverse[cells], cells, indptr), shape=(len(texts), len(columns))
    )
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
    return matrix


def _projection(matrix: sparse.csr_matrix, dimensions: int, seed: int) -> Floats:
    """The right singular vectors of the largest singular values, as columns."""
    smaller = min(matrix.shape)
    if smaller == 0:
        return np.zeros((matrix.shape[1], 1), dtype=np.float32)
    if smaller <= dimensions + 1:
        directions = np.linalg.svd(matrix.toarray(), full_matrices=False)[2][:dimensions]
    else:
        from scipy.sparse.linalg import svds  # a tenth of a second to import, and only for training

        start = np.random.default_rng(seed).standard_normal(smaller)
        directions = svds(matrix.astype(np.float64), k=dimensions, v0=start)[2][::-1]
    return np.ascontiguousarray(directions.T, dtype=np.float32)
