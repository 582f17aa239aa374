"""The terminal of whoever starts a shop."""

from __future__ import annotations

from rich.console import Console

console = Console(stderr=True, highlight=False)


def warning(text: str) -> None:
    """Print one line that a person should read."""
    console.print(f"sanset: {text}", style="yellow", markup=False, soft_wrap=True)
