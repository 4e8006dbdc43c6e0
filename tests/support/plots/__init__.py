"""Made-up results of every kind, and the places of a picture's texts."""
