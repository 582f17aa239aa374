"""The life of a model: training it, judging it, putting it into use, removing it."""
