"""Turns a blended score into the chance that the product is in the user's next order, as was observed.

Isotonic regression: Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability
Estimates", KDD 2002. It never falls, so the order of a list does not change.
"""

from __future__ import annotations

import numpy as np

from ml.data.arrays import Array, Doubles, Floats

MIN_CASES = 200
"""Recommended products below which no curve is drawn."""


def train(scores: Doubles, hits: Doubles) -> dict[str, Array]:
    """Draw the curve from recommended products: their scores, and whether they were in the next order.

    Gives ascending `calibration_scores` and their `calibration_chances`, in [0, 1]; empty with too few cases.
    """
    if len(scores) < MIN_CASES or not hits.any():
        return none()
    from sklearn.isotonic import IsotonicRegression  # a second to import, which serving need not pay

    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, hits)
    levels, chances = curve.X_thresholds_, curve.y_thresholds_
    return {
        "calibration_scores": np.asarray(levels, dtype=np.float32),
        "calibration_chances": np.clip(chances, 0, 1).astype(np.float32),
    }


def none() -> dict[str, Array]:
    """The curve of a shop with too little to draw one from."""
    return {"calibration_scores": np.empty(0, np.float32), "calibration_chances": np.empty(0, np.float32)}


def chances(scores: Floats, curve: tuple[Floats, Floats]) -> Floats:
    """The chances of scores; without a curve a squashed score that only keeps the order."""
    levels, observed = curve
    if len(levels):
        return np.interp(scores, levels, observed).astype(np.float32)
    positive = np.maximum(scores, 0)
    return np.asarray(0.5 + 0.5 * positive / (1 + positive), dtype=np.float32)
