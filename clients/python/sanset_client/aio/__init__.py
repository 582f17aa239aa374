"""The half of the client that is for asyncio."""
