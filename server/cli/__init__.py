"""The `sanset` command: a module per command, and `command_line`, which picks one and says how it ended."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command that this process was started for.

    The cyclic collector rests while the modules are loaded, and leaves them out afterwards: they live as long as
    the process, and looking through them again and again would be a fifth of a start's work.
    """
    gc.disable()
    from server.cli import command_line  # loads most of what every command needs

    command_line.main(on_loaded=_collect_from_now_on)


def _collect_from_now_on() -> None:
    gc.freeze()
    gc.enable()
