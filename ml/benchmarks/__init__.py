"""The protocols of `sanset evaluate` on public data."""
