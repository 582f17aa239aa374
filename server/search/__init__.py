"""Search: the words of the catalogue, what a query means, and which products answer it."""
