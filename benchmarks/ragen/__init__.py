"""What is measured of RAGEN."""

from benchmarks.options import Sections
from benchmarks.ragen import trainings

SECTIONS: Sections = {"ragen": lambda options: trainings.section(options.seeds), "ragen-speed": lambda options: trainings.speed()}
"""By the name of a section."""
