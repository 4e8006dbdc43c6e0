"""What peer libraries are recorded to give, and how our tables are compared with it."""
