"""What people search for: recorded, counted by day, and shown to the staff."""
