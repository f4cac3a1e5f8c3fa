"""Runs the benchmarks and writes docs/benchmarks.md: `python -m benchmarks [--videos 30] [--only search,frames,server]`."""

import argparse
import os
import platform
import sys
import time
from datetime import date
from pathlib import Path

import environment

environment.prepare()  # before torch: the benchmarks run as the app does

from backends.run import code_version  # noqa: E402
from benchmarks import detector, frames, search, server  # noqa: E402

SECTIONS = {"search": search.section, "detector": detector.section, "frames": frames.section, "server": server.section}
OUT = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=30, help="held-out generated videos of the search section")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections to run, by commas")
    args = parser.parse_args()
    parts = []
    for name in args.only.split(","):
        start = time.monotonic()
        parts.append(SECTIONS[name](args.videos))
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
        print(parts[-1])
    head = (f"# Benchmarks\n\nMade by `make bench` (`python -m benchmarks {' '.join(sys.argv[1:])}`) on {date.today().isoformat()}, "
            f"code {code_version()}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, no GPU. "
            "Times are of a shared machine; ratios are within one run. Intervals are 95 %, bootstrap over videos.\n")
    OUT.write_text("\n".join([head, *parts]))


if __name__ == "__main__":
    main()
