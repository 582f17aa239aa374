"""How the sources of the blend are weighed; kept in the artifact, so that what is measured is what serves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.data.arrays import Floats

FEATURES = ("affinity", "together", "taste", "content", "recent")
"""What is known of a candidate, each as a standard score over the catalogue."""

AFFINITY, TOGETHER, TASTE, CONTENT, RECENT = range(len(FEATURES))


@dataclass(frozen=True)
class BlendWeights:
    """Learned by validation where the shop has sold enough; these are the values to start from."""

    affinity: float = 1.0
    """Of what the products of the history say for a product."""
    together: float = 1.5
    """Of what shares baskets with the products on the page or in the cart."""
    taste: float = 0.2
    """Of the user's factors."""
    content: float = 0.1
    """Of similarity to the history in words."""
    recent: float = 0.05
    """Of what the shop sold in the last month."""
    recency: float = 0.98
    """Importance of each product of the history against the one touched after it."""
    looked: float = 0.4
    """Importance of a product that was looked at against one that was bought."""
    seeds: int = 100
    """How much of the history is looked at."""
    category_share: float = 0.4
    """Largest share of a list that one category may take while there are others."""
    brand_share: float = 0.5
    """The same for brands."""

    @property
    def vector(self) -> Floats:
        """The weights of `FEATURES`, in their order."""
        return np.array([getattr(self, name) for name in FEATURES], dtype=np.float32)
