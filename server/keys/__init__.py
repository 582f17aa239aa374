"""What the database says of the shop's keys: which one makes what is new, and those that outlive their secret."""
