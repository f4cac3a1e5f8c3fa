"""What is measured of ERA."""

from benchmarks.era import logs, playing, training
from benchmarks.options import Sections

SECTIONS: Sections = {"era": lambda options: playing.section("home"), "era-table": lambda options: playing.section("table"),
                      "era-memory": lambda options: playing.memory(), "era-logs": lambda options: logs.section(),
                      "era-prior": lambda options: training.prior("home"), "era-prior-table": lambda options: training.prior("table"),
                      "era-reinforcing": lambda options: training.reinforcing("home"),
                      "era-reinforcing-table": lambda options: training.reinforcing("table")}
"""By the name of a section."""
ASKED_FOR = frozenset({"era-prior", "era-prior-table", "era-reinforcing", "era-reinforcing-table"})  # hours each: run where named
