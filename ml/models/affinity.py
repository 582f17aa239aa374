"""Joins several item-to-item models into one: a weighted sum, of which each product keeps its best neighbours.

A user's score of a product is the sum of what the products of their history say for it: one sparse sum, exact,
fresh by construction, and able to name the product that spoke loudest. Which models take part, and how loudly, is
decided by validation on the shop's own history, because the best one differs by catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
from scipy import sparse

from ml.data.arrays import Array, Ids, first_of_pairs, rows_of
from ml.data.dataset import GUEST, Interactions
from ml.models import ease, neighbourhood, rp3beta
from ml.models.neighbours import arrays_of, spread, strongest

MODELS = ("walk", "baskets", "ease", "bm25", "cosine")
"""The models there are; `baskets` walks over orders, the others look at users."""

NEIGHBOURHOODS_LIMIT = 6_000
"""Products up to which `bm25` and `cosine` are tried: in larger shops each costs as much time as the walk, beside
which it adds next to nothing."""

DEFAULT_SHARES: Mapping[str, float] = {"walk": 1.0, "ease": 1.0}
"""For a shop too young to choose by validation."""

NEIGHBOURS = 200
WALK_ALPHA, WALK_BETA = 0.7, 0.3
"""Users have longer lists than baskets: their walk is bent less."""


def bought(interactions: Interactions, product_ids: Ids) -> tuple[Ids, sparse.csr_matrix]:
    """The customers, ascending, and a CSR matrix of customers by products, one where they ever bought."""
    lines = interactions.where(interactions.user_ids != GUEST)
    items = rows_of(product_ids, lines.product_ids)
    user_ids, users = np.unique(lines.user_ids, return_inverse=True)
    pairs = first_of_pairs(users, items)
    pairs = pairs[items[pairs] >= 0]
    shape = (len(user_ids), len(product_ids))
    return user_ids, sparse.csr_matrix(
        (np.ones(len(pairs), np.float32), (users[pairs], items[pairs])), shape=shape
    )


def candidates(products: int, *, baskets: bool) -> list[str]:
    """The models that a shop of so many products chooses among; `baskets`: whether users have several orders."""
    small = products <= NEIGHBOURHOODS_LIMIT
    excluded = {"baskets"} if not baskets else set()
    return [name for name in MODELS if name not in excluded and (small or name not in ("bm25", "cosine"))]


def train(
    user_items: sparse.csr_matrix,
    basket_items: sparse.csr_matrix,
    names: Collection[str] = MODELS,
    *,
    threads: int = 1,
    on_model: Callable[[str], None] = lambda _: None,
) -> dict[str, sparse.csr_matrix]:
    """Train the named models; each is a CSR matrix of products by products, brought to one scale.

    `user_items` and `basket_items` are CSR matrices with one where bought. `on_model` is told each model's name
    before it is trained.
    """
    matrices: dict[str, sparse.csr_matrix] = {}
    walk: sparse.csr_matrix | None = None
    if "walk" in names or "ease" in names:
        on_model("walk")
        walk = rp3beta.train(
            user_items, alpha=WALK_ALPHA, beta=WALK_BETA, neighbours=NEIGHBOURS, threads=threads
        )
        matrices["walk"] = walk
    makers: Mapping[str, Callable[[], sparse.csr_matrix]] = {
        "baskets": lambda: rp3beta.train(basket_items, neighbours=NEIGHBOURS, threads=threads),
        "ease": lambda: ease.train(user_items, walk, neighbours=NEIGHBOURS, threads=threads),
        "bm25": lambda: neighbourhood.bm25(user_items, neighbours=NEIGHBOURS, threads=threads),
        "cosine": lambda: neighbourhood.cosine(user_items, neighbours=NEIGHBOURS, threads=threads),
    }
    for name, make in makers.items():
        if name in names:
            on_model(name)
            matrices[name] = make()
    return {name: _scaled(matrices[name]) for name in MODELS if name in names}


def joined(models: Mapping[str, sparse.csr_matrix], shares: Mapping[str, float]) -> dict[str, Array]:
    """The sum of the models by their shares, as the arrays of `Neighbours`: each product keeps the best."""
    parts = [models[name] * np.float32(share) for name, share in shares.items() if share]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    best = strongest(total, NEIGHBOURS) if len(parts) > 1 else total
    return arrays_of(_scaled(best), "affinity")


def _scaled(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    scaled = matrix.astype(np.float32)
    scaled.data /= np.float32(spread(scaled.data))
    return scaled
