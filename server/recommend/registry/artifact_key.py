"""The keys of the artifacts."""

from __future__ import annotations

from pathlib import Path

from ml.artifacts import artifact
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing
from server.settings import Settings


class ArtifactKeys:
    """The keys that sign artifacts: new ones with that of the shop's secret, older ones with one of before."""

    def __init__(self, ring: KeyRing) -> None:
        self._keys = Derived(ring, Purpose.ARTIFACTS, bytes)

    @property
    def current(self) -> bytes:
        """The key that signs new artifacts."""
        return self._keys.current

    def of(self, path: Path) -> bytes:
        """The key that signed an artifact; that for new ones where none did."""
        keys = self._keys.all()
        return next((key for key in keys if len(keys) > 1 and artifact.is_signed(path, key)), keys[0])

    def sign_anew(self, path: Path) -> bool:
        """Sign an artifact with the key for new ones if another of the shop's did; whether it bears that now."""
        return any(artifact.sign_anew(path, key, self.current) for key in self._keys.all())


def artifact_key(settings: Settings) -> bytes:
    """The key that signs new artifacts."""
    return ArtifactKeys(settings.ring).current
