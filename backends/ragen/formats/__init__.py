"""Rollouts and curves of every layout in the field, read into `backends.ragen.rollouts`; and ours written.

`found(files)` lists what an archive or a file holds, `rollout(files, entry)` reads one rollout of it.
"""

from backends.ragen.formats.index import LIMITS, found
from backends.ragen.formats.reading import rollout

__all__ = ["LIMITS", "found", "rollout"]
