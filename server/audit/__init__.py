"""Who did what that somebody may ask about later."""
