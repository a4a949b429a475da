"""Composite scenes: a real clip with something painted in that really happens seldom, and the events that thereby
become true. They are named composite wherever they are shown; a composite is not a real clip.

How a recipe is added: write ``compose(rng, base) -> Composition`` in a module of this package and list it in the
module's ``RECIPES`` (see :mod:`evaluation.composite.recipe` for what it may use and must keep), then name the
module in :mod:`evaluation.composite.recipes`.
"""
