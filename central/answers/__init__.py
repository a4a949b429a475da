"""What everyone who reported something is told in the end: see ``service``."""
