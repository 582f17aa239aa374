"""What customers do: recorded, read back as histories, and measured against the lists that were shown."""
