"""Shops to recommend in, for all tests of this directory: a fixture of the session is one only if it is here."""

from __future__ import annotations

from recommend_fixtures import copying, modelled, proven_once, settings, sound, trained

__all__ = ["copying", "modelled", "proven_once", "settings", "sound", "trained"]
