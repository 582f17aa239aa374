"""Mail: what the shop writes to its customers and its keeper."""
