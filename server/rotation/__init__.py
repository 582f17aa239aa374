"""Seals everything anew with another key, while the shop is served."""
