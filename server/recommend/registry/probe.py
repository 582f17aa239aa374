"""Loads an artifact where a crash hurts nobody, to learn whether it works.

Verification proves who wrote an artifact, not that native code survives it; so a worker that
is to serve one has it loaded and queried here first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ml.artifacts.artifact import DamagedArtifact
from ml.ranking.eligibility import Everything
from ml.ranking.model import Model

KEY_VARIABLE = "SANSET_ARTIFACT_KEY"
SECONDS = 120.0
DAMAGED = 3

_IN_THE_CHILD = "import sys; from server.recommend.registry.probe import main; sys.exit(main(sys.argv[1]))"


def prove(path: Path, key: bytes) -> None:
    """Load the artifact at `path` in a child process; raise DamagedArtifact unless it survives that."""
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", _IN_THE_CHILD, str(path)],
            env=os.environ | {KEY_VARIABLE: key.hex()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DamagedArtifact(f"Artifact {path.name} took longer than {SECONDS:.0f} s to load.") from None
    if child.returncode == DAMAGED:
        raise DamagedArtifact(child.stdout.decode(errors="replace").strip())
    if child.returncode != 0:
        raise DamagedArtifact(f"Artifact {path.name} broke the program that loaded it.")


def load(path: Path, key: bytes) -> Model:
    """The model at `path`, queried once so that its first user does not wait; raises DamagedArtifact."""
    model = Model.load(path, key)
    model.recommend(0, eligible=Everything(), limit=10)
    return model


def main(path: str) -> int:
    """Load one artifact; the exit status says how it went."""
    try:
        load(Path(path), bytes.fromhex(os.environ[KEY_VARIABLE]))
    except DamagedArtifact as error:
        sys.stdout.write(f"{error}\n")
        return DAMAGED
    return 0
