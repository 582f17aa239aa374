"""The peer's routes, one module per resource."""
