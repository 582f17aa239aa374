"""How a list comes about: from the context of a call to its impression."""
