"""Wheels, built without a network and unpacked."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

BUILD = "import sys\nfrom setuptools import build_meta\nprint(build_meta.build_wheel(sys.argv[1]))"


def build_wheel(project: Path) -> Path:
    """Build the wheel of a project into its own directory."""
    subprocess.run([sys.executable, "-c", BUILD, str(project)], cwd=project, check=True, capture_output=True)
    (wheel,) = project.glob("*.whl")
    return wheel


def unpack(wheel: Path, target: Path) -> None:
    """Put the files of a wheel where pip would."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
