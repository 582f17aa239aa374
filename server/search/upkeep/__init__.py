"""Keeping the index: read from the database, followed by events, rebuilt beside the calls."""
