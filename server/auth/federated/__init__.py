"""Signing in at OpenID providers, and the identities there that are linked with accounts."""
