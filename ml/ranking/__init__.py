"""From a context to a list: candidates, features, rank, select. What servers run, and evaluation measures."""
