"""Trained models on disk: signed, checked and carried over."""
