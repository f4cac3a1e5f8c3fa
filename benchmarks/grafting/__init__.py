"""What is measured of grafting."""

from benchmarks.grafting import speed, states
from benchmarks.options import Sections

SECTIONS: Sections = {"grafting": lambda options: states.section(), "grafting-speed": lambda options: speed.section()}
"""By the name of a section."""
