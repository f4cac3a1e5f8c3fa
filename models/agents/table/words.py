"""The vocabulary of the table's agent: every word that tables, their instructions and their expert use, and the numbers."""

import re
from collections.abc import Iterator

from models.agents.speech import Thought, reply, told
from worlds.minitable import catalogue, wordings
from worlds.minitable.actions import DONE, INVALID
from worlds.minitable.codec import NUM_ANGLES
from worlds.minitable.state import AREA

_SPLIT = re.compile(r"[a-z]+|[0-9]+|[^\sa-z0-9]")
_ALSO = """
. , : ; ? ' [ ] in on at of the a an and or is not left right both first last nothing hold it failed over take lift go up let down to
stop mask which what where order answer then objects box container area next beside wiped has seen here action object things thing
leftmost rightmost nearest marked gripper cannot reach this place outside workspace below table can be done invalid feedback there
whole number numbers from needed these are x y z roll pitch yaw
"""


def words() -> Iterator[str]:
    """All of them, some more than once."""
    yield from (str(number) for number in range(NUM_ANGLES))
    texts = [_ALSO, AREA, DONE, INVALID, *wordings.DISTRACTIONS, told("", []), reply("", Thought("", "", "")), *catalogue.COLOURS]
    texts += [wording for several in wordings.TASKS.values() for wording in several]
    texts += [f"{name} {kind.looks} {kind.function}" for name, kind in catalogue.KINDS.items()]
    texts += [f"the colour of {like}" for like in catalogue.LIKE.values()]
    for text in texts:
        yield from _SPLIT.findall(re.sub(r"<\|\w+\|>|\w+_\w+:|\{\w+\}", " ", text).lower())
