"""Logs that come with the app, for whoever has none: the shipped agents in the fixed scenes of their world."""

import lzma
import tempfile
from functools import cache
from pathlib import Path

from backends.era.environments import World
from backends.era.settings import SHIPPED
from backends.sessions import process_folder

FOLDER = Path(__file__).parent / "recorded"  # made by `python -m backends.era.evaluated`


def packed(world: World) -> Path:
    """Where the logs of a world's agents are kept, packed as one."""
    return FOLDER / f"{world}.zip.xz"


@cache
def place_of(name: str) -> Path:
    """Where the logs that a setting calls so lie as a zip; unpacked once, into the folder of this process."""
    world = next(world for world, known in SHIPPED.items() if known == name)
    place = Path(tempfile.mkdtemp(prefix="shipped-", dir=process_folder())) / f"{world}.zip"
    place.write_bytes(lzma.decompress(packed(world).read_bytes()))
    return place
