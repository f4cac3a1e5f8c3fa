"""What is measured of what all systems share."""

from benchmarks.house import attention_cost, opening, policy, saved, server, stalls
from benchmarks.options import Sections

SECTIONS: Sections = {
    "attention": lambda options: attention_cost.section(),
    "server": lambda options: server.section(),
    "opening": lambda options: opening.section(),
    "stalls": lambda options: stalls.section(),
    "saved": lambda options: saved.section(),
    "policy": lambda options: policy.section(),
}
