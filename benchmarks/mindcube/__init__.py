"""What is measured of MindCube."""

from benchmarks.mindcube import speed, symbols
from benchmarks.options import Sections

SECTIONS: Sections = {"mindcube-symbols": lambda options: symbols.section(options.seeds),
                      "mindcube-speed": lambda options: speed.section()}
"""By the name of a section."""
