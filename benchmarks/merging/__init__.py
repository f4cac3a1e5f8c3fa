"""What is measured of merging."""

from benchmarks.merging import parity, streaming, table
from benchmarks.options import Sections

SECTIONS: Sections = {"merging-table": lambda options: table.section(options.seeds),
                      "merging-parity": lambda options: parity.section(), "merging-streaming": lambda options: streaming.section()}
"""By the name of a section."""
