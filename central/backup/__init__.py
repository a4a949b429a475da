"""Backup of a running central, and restore into an empty place."""
