"""The shops under measurement, each behind the same few calls."""
