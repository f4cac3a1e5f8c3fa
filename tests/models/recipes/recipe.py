"""Recipes are scripts, which nothing imports; their tests load them as what they are."""

import importlib
from types import ModuleType


def recipe(name: str) -> ModuleType:
    """Return a module of a recipe, such as "coda.miniatures"."""
    return importlib.import_module(f"models.recipes.{name}")
