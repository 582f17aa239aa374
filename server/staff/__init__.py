"""What those do with the accounts of users who work for the shop."""
