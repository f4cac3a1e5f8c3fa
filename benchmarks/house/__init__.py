"""What is measured of what all systems share."""

from benchmarks.house import attention_cost, saved, server, stalls
from benchmarks.options import Sections

SECTIONS: Sections = {
    "attention": lambda options: attention_cost.section(),
    "server": lambda options: server.section(),
    "stalls": lambda options: stalls.section(),
    "saved": lambda options: saved.section(),
}
