"""Scheduled work, done once in the whole cluster."""
