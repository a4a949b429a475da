"""What can be wrong with a network, said to the person who configured it."""

from __future__ import annotations

from kerbwatch.settings import SettingsError


class ModelError(SettingsError):
    """A network that cannot be used as configured; the message says what was found and what to do."""


class MissingModelError(ModelError):
    """The weights are not on this machine."""


class ClassMapError(ModelError):
    """The class map and the network's own class names do not fit."""


class HeadError(ModelError):
    """The file's output is of no family that is known here."""


class ProviderError(ModelError):
    """An execution provider that was asked for cannot be had."""
