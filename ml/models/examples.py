"""What a model of probabilities learns from."""

from __future__ import annotations

from typing import NamedTuple

from ml.data.arrays import Doubles, Rows


class Examples(NamedTuple):
    """Pairs of an order and a product that it may have held."""

    features: Doubles
    """Examples by the features of the model."""
    labels: Rows
    """1 where the order held the product, else 0."""
