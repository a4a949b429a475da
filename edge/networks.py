"""Which optional networks this box has, and what it does without the others."""

from __future__ import annotations

from models.manifest import load_manifest

_WITHOUT = {
    "centerface": "faces are not looked for; the heads of persons are blurred in what people see",
    "clp-det": "plates are not looked for; the lower part of other vehicles is blurred in what people see",
    "clp-rec": "no plate is read, and incidents come without one",
}
_GROUP = {"centerface": "box"}


def lacking() -> list[str]:
    """For people: each network that is not on this machine, what that means, and how to get it."""
    manifest = load_manifest()
    return [
        f"the network '{name}' is not here: {meaning} (kerbwatch models pull {_GROUP.get(name, 'plates')})"
        for name, meaning in _WITHOUT.items()
        if manifest.entry(name).state() != "ok"
    ]
