"""Edge boxes and their cameras, as their health messages tell."""
