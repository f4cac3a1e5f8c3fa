"""What is measured of MindCube."""

from benchmarks.mindcube import speed
from benchmarks.options import Sections

SECTIONS: Sections = {"mindcube-speed": lambda options: speed.section()}
"""By the name of a section."""
