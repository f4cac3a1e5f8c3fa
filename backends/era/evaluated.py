"""Plays the shipped agents through the fixed scenes of their world and keeps what came of it: `python -m backends.era.evaluated`.

Greedily, all fifty scenes of every wording, written in EmbodiedBench's layout: what is true of anybody's logs is true of these. They
hold states in place of pictures, which are drawn again.
"""

import lzma
import os
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby

from backends.episode import Episode
from backends.era.environments import ENVIRONMENTS, World
from backends.era.formats.writing import Pictures, written_run
from backends.era.results import EraResult
from backends.era.run import run
from backends.era.settings import SUBSETS, Agent, EraSettings
from backends.era.shipped_logs import packed
from backends.files.archive import zipped
from backends.run import Inputs, last
from worlds.subsets import EPISODES

AGENTS: dict[World, tuple[Agent, ...]] = {"home": ("trained", "reinforced"), "table": ("trained",)}  # those that are shipped


def played(world: World, agent: Agent, numbers: range = range(EPISODES)) -> Iterator[Episode]:
    """The episodes of an agent, wording by wording."""
    for subset in (subset for subset in SUBSETS if subset in ENVIRONMENTS[world].subsets):
        for number in numbers:
            result: EraResult = last(run(EraSettings(world=world, agent=agent, subset=subset, number=number), Inputs()))
            assert result.episode is not None
            yield result.episode


def together(agents: Mapping[Agent, Iterator[Episode]]) -> bytes:
    """The logs of some agents. Runs have much in common, so they are packed as one."""
    logs: dict[str, bytes] = {}
    for agent, episodes in agents.items():
        for group, found in groupby(episodes, key=lambda episode: episode.group):
            chosen = [(episode, Pictures()) for episode in found]
            logs |= written_run(chosen, model=chosen[0][0].agent, experiment="shipped", subset=group,
                                config={"agent": agent, "temperature": 0.0})
    return lzma.compress(zipped(logs, is_packed=False), preset=9)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch comes: two threads are slower for so small a network
    for wanted in (world for world in AGENTS if not sys.argv[1:] or world in sys.argv[1:]):
        content = together({agent: played(wanted, agent) for agent in AGENTS[wanted]})
        packed(wanted).write_bytes(content)
        print(f"{packed(wanted).name}: {len(content) / 1e3:.0f} kB")
