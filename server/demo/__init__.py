"""A believable shop that needs no outside file: catalogue, people, and three months of trade."""
