"""Words about a case that is raised by hand."""

from __future__ import annotations

NEW: dict[str, str] = {
    "nav.new": "New case",
    "new.title": "New case",
    "new.help": (
        "What somebody told you, by telephone or in person. It joins the open case that it is of, or makes "
        "one."
    ),
    "new.what": "What it is",
    "new.choose": "Choose what it is",
    "new.kinds": "What cameras see too",
    "matter.other": "Other items",
    "new.road": "Where, in words",
    "new.road_help": "Road and house, a shop, a gate",
    "new.lon": "Longitude",
    "new.lat": "Latitude",
    "new.map": "Place on the map: click where it is",
    "new.no_map": "The map cannot be shown here. Type longitude and latitude.",
    "new.words": "What they said",
    "new.urgent": "It cannot wait: somebody is in danger, or a way out is blocked",
    "new.submit": "Take it in",
    "new.kind_needed": "Choose what it is first.",
    "new.place_needed": "Say where it is: click on the map, or type longitude and latitude.",
    "new.words_needed": "Say in words where it is, or what was said.",
    "new.too_long": "“{field}” is too long: {chars} characters, at most {most}. Shorten it and take it in.",
    "new.key_lost": (
        "Nothing is taken in yet: the page sent this form without its key, by which it is known when it is "
        "sent twice. It has a new one now; take it in again."
    ),
    "new.not_yours": "the place lies outside the areas that are yours",
    "notice.taken": "Taken in. Look at it, and confirm it when it is right.",
}
