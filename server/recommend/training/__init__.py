"""Trainings from claim to promotion, on demand and once a day."""
