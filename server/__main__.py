"""`python -m server` is the `sanset` command; the supervisor starts its workers by it."""

from __future__ import annotations

from server.cli import main

if __name__ == "__main__":
    main()
