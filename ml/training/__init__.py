"""One training run: fit, learn the blend, measure, publish."""
