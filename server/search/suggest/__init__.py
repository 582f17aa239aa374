"""Completions of what people begin to type, from the catalogue and from what many searched for."""
