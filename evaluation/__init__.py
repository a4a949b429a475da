"""Scenes with known events: how good is it, how fast is it."""
