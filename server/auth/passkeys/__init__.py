"""Passkeys: signing in by a key of the user's device (WebAuthn)."""
