"""The `sanset` command: a module per command, and `command_line`, which picks one and says how it ended."""

from server.cli.command_line import main

__all__ = ["main"]
