"""The vocabulary of the home's agent: every word that homes, their instructions and their experts use."""

import re
from collections.abc import Iterator

from models.agents.speech import Thought, reply, told
from worlds.minihome import catalogue, wordings
from worlds.minihome.skills import FIXED_SKILLS
from worlds.minihome.subsets import SUBSETS

_SPLIT = re.compile(r"[a-z]+|[0-9]|[^\sa-z0-9]")
_ALSO = """
_ 2 . , : ; ? ' < > | in on at of the a an and or is not left right both two last action executed successfully invalid because
closed open opened already empty full holding held there no nothing cannot find be reached stop it failed row hand floor hidden
none then seed near under light clean hot cold sliced lit mask which what stands between before after order answer yes first next
thing things place hands something put away pick up turn down object agent stand go to search must can has have had room more
feedback this may exist instances robot try explore instead picking currently opening each visible note multiple any anything else
with your without out reach skill scene other holds need knife cut only loose lies seen here
"""


def words() -> Iterator[str]:
    """All of them, some more than once."""
    texts = [_ALSO, *FIXED_SKILLS, *SUBSETS, *wordings.DISTRACTIONS, *wordings.CHAINS, catalogue.LAMP_FUNCTION,
             told("", []), reply("", Thought("", "", "")), *catalogue.COLOURS]
    texts += [wording for several in wordings.TASKS.values() for wording in several]
    texts += [f"{name} {what.at} {what.function}" for name, what in catalogue.PLACES.items()]
    texts += [f"{name} {kind.plural} {kind.vague} {kind.vague_plural} {kind.function} {' '.join(kind.colours)}"
              for name, kind in catalogue.KINDS.items()]
    places = list(catalogue.PLACES)
    texts += [way for place in places for way in wordings.neighbours(places, place)]
    for text in texts:
        yield from _SPLIT.findall(re.sub(r"<\|\w+\|>|\w+_\w+:|\{\w+\}", " ", text).lower())

