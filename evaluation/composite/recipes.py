"""All recipes by name. A module with more of them is named here."""

from __future__ import annotations

from evaluation.composite import (
    airborne,
    dashcam_negatives,
    disturbed,
    lights,
    litter,
    parking,
    parking_conditions,
    stalls,
)
from evaluation.composite.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        *litter.RECIPES,
        *airborne.RECIPES,
        *lights.RECIPES,
        *disturbed.RECIPES,
        *dashcam_negatives.RECIPES,
        *parking.RECIPES,
        *parking_conditions.RECIPES,
        *stalls.RECIPES,
    )
}
"""What ``kerbwatch eval compose --recipe`` knows."""
