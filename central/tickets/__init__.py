"""What a unit does with its ticket, and how long it may take."""
