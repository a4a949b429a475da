"""What both sides speak: incidents, messages, time, place, ids; the command line; the demo."""

__version__ = "0.1.0"
