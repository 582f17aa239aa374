"""The half of the client that is for threads: it waits by blocking."""
