"""The worlds in which episodes are played here, by the name that the settings have for them."""

from typing import Literal

from backends.era.environments.contract import Environment, Info, Marks
from backends.era.environments.home import Home
from backends.era.environments.table import Table

__all__ = ["ENVIRONMENTS", "Environment", "Info", "Marks", "World", "of_world"]

World = Literal["home", "table"]
ENVIRONMENTS: dict[World, Environment] = {"home": Home(), "table": Table()}


def of_world(world: str) -> Environment | None:
    """The environment that an episode's world names; None of one that cannot be played here."""
    return next((environment for environment in ENVIRONMENTS.values() if environment.world == world), None)
