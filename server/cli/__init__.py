"""The `sanset` command: a module per command, and `command_line`, which picks one and says how it ended."""

from __future__ import annotations

import gc
import os
from typing import Final

GRPC_EXPERIMENTS: Final = "-event_engine_listener"
"""Has gRPC read connections in the thread that waits for them: its other way, with threads of its own, makes every
call 30 µs dearer, an eighth of a bare reply. A gRPC that has only one of the ways ignores this."""


def main() -> None:
    """Run the command that this process was started for.

    The cyclic collector rests while the modules are loaded, and leaves them out afterwards: they live as long as
    the process, and looking through them again and again would be a fifth of a start's work.
    """
    os.environ.setdefault("GRPC_EXPERIMENTS", GRPC_EXPERIMENTS)  # read when it is imported
    gc.disable()
    from server.cli import command_line  # loads most of what every command needs

    command_line.main(on_loaded=_collect_from_now_on)


def _collect_from_now_on() -> None:
    gc.freeze()
    gc.enable()
