"""Meaning beside words: where products and queries lie in a space in which what means the same is close."""
