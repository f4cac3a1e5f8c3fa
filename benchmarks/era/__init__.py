"""What is measured of ERA."""

from benchmarks.era import logs, playing, training
from benchmarks.options import Sections

SECTIONS: Sections = {"era": lambda options: playing.section(), "era-memory": lambda options: playing.memory(),
                      "era-logs": lambda options: logs.section(), "era-prior": lambda options: training.prior(),
                      "era-reinforcing": lambda options: training.reinforcing()}
"""By the name of a section."""
ASKED_FOR = frozenset({"era-prior", "era-reinforcing"})  # hours each: run where they are named, not with all
