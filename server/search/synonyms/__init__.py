"""Synonyms: words that search treats alike, as the shop's staff defines them."""
