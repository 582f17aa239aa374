"""Roles: what the accounts that have them may do."""
