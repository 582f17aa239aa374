"""docs/clients.md as its readers use it: commands and programs of each language, and a project to run them in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
EXAMPLES: Final = PROJECT / "clients/examples"
PAGE: Final = (PROJECT / "docs/clients.md").read_text("utf-8")
TOOLS: Final = Path(sys.executable).parent
"""Where wheels put their programs: protoc, buf."""

SHOP: Final = "localhost:50051"
"""The shop as the page names it."""

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def block(heading: str, language: str) -> str:
    """Return the first code block in `language` under a heading."""
    _, _, rest = PAGE.partition(f"\n## {heading}\n")
    section, _, _ = rest.partition("\n## ")
    return next(text for name, text in _BLOCK.findall(section) if name == language)


class App:
    """A project of somebody else's, which has nothing of the shop but a copy of `proto/`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        shutil.copytree(PROJECT / "proto", home / "proto", ignore=shutil.ignore_patterns("__pycache__"))

    def write(self, name: str, text: str, shop: str = SHOP) -> Path:
        """Write a file, in which the address of the shop is put right."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(SHOP, shop), encoding="utf-8")
        return path

    def start(self, *command: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Start a command in the project."""
        return subprocess.Popen(
            command,
            cwd=self.home,
            env={**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str | Path, **environment: str) -> str:
        """Run a command in the project; return what it printed."""
        process = self.start(*command, **environment)
        output, _ = process.communicate()
        assert process.returncode == 0, output
        return output

    def example(self, name: str) -> Path:
        """Copy a program of clients/examples into the project."""
        return Path(shutil.copy(EXAMPLES / name, self.home))

    def bash(self, commands: str, **environment: str) -> str:
        """Run commands of the page."""
        return self.run("bash", "-euo", "pipefail", "-c", commands, **environment)

    def files(self, pattern: str) -> list[Path]:
        """Return the files that match a pattern."""
        return sorted(path for path in self.home.glob(pattern) if path.is_file())
