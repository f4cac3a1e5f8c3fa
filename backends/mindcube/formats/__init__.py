"""MindCube's files, unchanged: questions, scaffolds, prompts, training conversations, replies, RL data, evaluations; ours written.

`found(files)` lists what an archive or a file holds.
"""

from backends.mindcube.formats.index import LIMITS, found
from backends.mindcube.formats.listing import Brought, ItemFile

__all__ = ["LIMITS", "Brought", "ItemFile", "found"]
