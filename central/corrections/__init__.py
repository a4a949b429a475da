"""What an operator puts right of a case before it goes out: its kind, its place, whether it can wait."""
