"""The engine: from a query to products and facets, in memory, on plain values."""
