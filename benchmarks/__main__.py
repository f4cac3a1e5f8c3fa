"""Runs the benchmarks and writes docs/benchmarks.md: `python -m benchmarks [--videos 30] [--seeds 5] [--only search,frames]`.

Sections that are not run keep what they said before; each names the day and the code that it was measured with.
"""

import argparse
import importlib
import os
import platform
import re
import sys
import time
from datetime import date
from pathlib import Path
from types import ModuleType

import environment

environment.prepare()  # before torch: the benchmarks run as the app does

from backends import registry  # noqa: E402
from backends.run import code_version  # noqa: E402
from benchmarks.options import Options, Sections  # noqa: E402

OUT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

`make bench` makes them all again (about two hours on two cores; coda-real needs `make real`), `python -m benchmarks --only NAME`
one of them. Nothing was typed in by hand. Seconds are of a shared machine; ratios are within one run. Intervals are 95 %, bootstrap.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=30, help="held-out generated videos of search and detector")
    parser.add_argument("--seeds", type=int, default=5, help="models trained for each row of coda-law")
    parser.add_argument("--clips", default="", help="of footage: a folder with pictures and clips of one's own")
    parser.add_argument("--only", default="", help="sections to run, by commas")
    args = parser.parse_args()
    options, runs = Options(args.videos, args.seeds, args.clips), sections()
    for name in args.only.split(",") if args.only else [name for name in runs if name not in asked_for()]:
        start = time.monotonic()
        text = runs[name](options)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
        OUT.write_text(merged(OUT.read_text() if OUT.exists() else "", name, _signed(name, text), list(runs)))


def sections() -> Sections:
    """Every section of every system, in the order of the navigation, then those of what all share."""
    return {name: section for folder in _folders() for name, section in folder.SECTIONS.items()}


def asked_for() -> frozenset[str]:
    """Sections that take hours, and are left out unless they are named."""
    return frozenset().union(*(getattr(folder, "ASKED_FOR", frozenset()) for folder in _folders()))


def _folders() -> list[ModuleType]:
    return [importlib.import_module(f"benchmarks.{name}") for name in (*registry.names(), "house")]


def _signed(name: str, text: str) -> str:
    """The section with the command that makes it, the day, the code and the machine."""
    title, _, rest = text.strip().partition("\n")
    signature = (f"`python -m benchmarks --only {name}` on {date.today().isoformat()}, code {code_version()}, "
                 f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, no GPU.")
    return f"{title}\n\n{signature}\n\n{rest.strip()}\n"


def merged(old: str, name: str, text: str, order: list[str]) -> str:
    """The document with one section new, in the order of the sections. A section is known by its command.

    Raises:
        ValueError: a section of the old document names no command: it would be lost.
    """
    parts = [part for part in re.split(r"(?m)^(?=## )", old) if part.startswith("## ")]
    sections = {found[1]: part for part in parts if (found := re.search(r"--only ([\w-]+)`", part))}
    if len(sections) < len(parts):
        raise ValueError(f"of {len(parts)} sections {len(sections)} say which command makes them, each another: mend that by hand")
    sections[name] = text
    return "\n".join([HEAD, *(sections[key].rstrip() + "\n" for key in order if key in sections)])


if __name__ == "__main__":
    main()
