"""Logs of embodied agents, of every layout in the field, read into `backends.episode`; and ours written in EmbodiedBench's.

`found(files)` lists what an archive or a folder holds, `episode(files, entry)` reads one episode of it.
"""

from backends.era.formats.index import found
from backends.era.formats.listing import SECOND, Brought, Entry, Head, LogRun
from backends.era.formats.reading import episode

__all__ = ["SECOND", "Brought", "Entry", "Head", "LogRun", "episode", "found"]
