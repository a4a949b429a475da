"""All recipes by name. A module with more of them is named here."""

from __future__ import annotations

from evaluation.composite import litter, parking, parking_conditions
from evaluation.composite.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (*litter.RECIPES, *parking.RECIPES, *parking_conditions.RECIPES)
}
"""What ``kerbwatch eval compose --recipe`` knows."""
