"""Accounts of back ends, and the API keys that they call with."""
