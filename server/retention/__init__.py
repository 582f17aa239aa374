"""How long the shop keeps what nobody needs any more."""
