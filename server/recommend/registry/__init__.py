"""Which models there are: their rows, their artifacts, and the experiments that compare them."""
