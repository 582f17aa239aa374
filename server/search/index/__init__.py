"""The index: the words of products, and how they are stored."""
