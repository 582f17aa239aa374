"""Recommendations: trains models from a shop's interactions, and serves what was trained."""
