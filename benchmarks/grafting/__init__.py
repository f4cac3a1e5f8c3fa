"""What is measured of grafting."""

from benchmarks.grafting import large, speed, stage_1, states
from benchmarks.options import Sections

SECTIONS: Sections = {"grafting": lambda options: states.section(), "grafting-stage-1": lambda options: stage_1.section(),
                      "grafting-speed": lambda options: speed.section(), "grafting-large": lambda options: large.section()}
"""By the name of a section."""
