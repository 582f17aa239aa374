"""How good a model is, by purchases held out from its training."""
