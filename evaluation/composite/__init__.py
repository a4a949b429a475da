"""Composite scenes: real clips with something painted in, and the events that become true by it.

They are named composite wherever they are shown; a composite is not a real clip.

How a recipe is added: write ``compose(rng, base) -> Composition`` in a module of this package and list it in
the module's ``RECIPES`` (see :mod:`evaluation.composite.recipe` for what it may use and must keep), then name
the module in :mod:`evaluation.composite.recipes`.
"""
