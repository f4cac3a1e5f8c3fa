"""What is measured of T*."""

from benchmarks.options import Sections
from benchmarks.tstar import detector, footage, frames, search

SECTIONS: Sections = {
    "search": lambda options: search.section(options.videos),
    "detector": lambda options: detector.section(options.videos),
    "frames": lambda options: frames.section(),
    "footage": lambda options: footage.section(options.clips),
}
