"""What is measured of AdaptVis."""

from benchmarks.adaptvis import gaze
from benchmarks.options import Sections

SECTIONS: Sections = {"gaze": lambda options: gaze.section(), "gaze-control": lambda options: gaze.control_section()}
