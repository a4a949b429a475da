"""What goes wrong with backups."""

from __future__ import annotations


class BackupError(RuntimeError):
    """A backup that cannot be made, read or put back; the text says what to do."""
