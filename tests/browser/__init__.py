"""A package, so that its browser is gone before other tests: as long as it is there an event loop runs."""
