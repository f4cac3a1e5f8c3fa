"""The crafts by the name that settings have for their worlds."""

from models.agents.craft import Craft, World
from models.agents.home.craft import HomeCraft
from models.agents.table.craft import TableCraft

CRAFTS: dict[World, Craft] = {"home": HomeCraft(), "table": TableCraft()}
