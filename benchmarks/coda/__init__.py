"""What is measured of CoDA."""

from benchmarks.coda import law, real, speed
from benchmarks.options import Sections

SECTIONS: Sections = {
    "coda-law": lambda options: law.section(options.seeds),
    "coda-real": lambda options: real.section(),
    "coda-speed": lambda options: speed.section(),
}
