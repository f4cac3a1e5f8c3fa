"""What the shipped agents do in the fixed scenes of their worlds, what remembering more costs them, and how fast all is."""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import gymnasium
import torch

from backends.episode import Episode, Turn
from backends.era.agents import acting as player_of
from backends.era.environments import ENVIRONMENTS
from backends.era.paper import STAGES, Stage
from backends.era.playing import play
from backends.era.settings import EraSettings
from backends.era.statistics import share_of
from backends.run import Inputs
from backends.statistics import Share
from benchmarks.era.agents import acting, shipped
from benchmarks.tables import markdown
from models.agents.craft import World
from models.agents.crafts import CRAFTS
from models.agents.training import Scored, measure
from worlds.minihome.env import MiniHome
from worlds.minihome.expert import next_skill
from worlds.minihome.subsets import EPISODES, SEEN, SUBSETS, evaluation_seeds
from worlds.minitable.env import MiniTable
from worlds.minitable.expert import next_action

BENCHMARKS: dict[World, str] = {"home": "EB-ALFRED", "table": "EB-Manipulation"}
STEPS = 2_000  # of the home that are timed; of the table top a tenth
HOMES = 10  # of each seen subset where memories are compared


def section(world: World) -> str:
    """Success by subset with intervals, the paper's beside it, and seconds."""
    craft, place = CRAFTS[world], ENVIRONMENTS[world].place
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [row for folder in shipped(world) for row in scored_rows(folder.name, measure(acting(world, folder)), craft.seen)]
        seconds = turn_seconds(world)
    finally:
        torch.set_num_threads(threads)
    paper = [(stage.what, *map(_percent, _papers(stage, world))) for stage in STAGES]
    return f"""## ERA: the agents of the {place}

The {EPISODES} fixed scenes of each subset, greedy, at most {craft.max_steps} steps. Intervals are Wilson's, 95 %. Seen are
{_listed(craft.seen)}; all others are unseen, but a long horizon, which is in neither.

{markdown(("agent", "subset", "done %", "actions that failed %"), rows)}
The paper's, on {BENCHMARKS[world]}, in %. The miniature's {place} is far easier and its network tiny: what can be compared is the
order of rows, no number.

{markdown(("the paper's", "seen", "unseen", "average"), paper)}
The {place} makes {STEPPING[world]():,.0f} steps a second while the expert works, a picture for a network included. A turn of the
agent takes {seconds:.2f} s on one thread, thought and action (up to {craft.max_reply} tokens), one episode at a time.
"""


def _papers(stage: Stage, world: World) -> tuple[float | None, float | None, float | None]:
    if world == "home":
        return stage.alfred_seen, stage.alfred_unseen, stage.alfred
    return stage.manipulation_seen, stage.manipulation_unseen, stage.manipulation


def scored_rows(name: str, scored: Sequence[Scored], seen: Sequence[str]) -> list[tuple[str, ...]]:
    """An agent's table: each subset, then seen and unseen together."""
    rows = [(name, one.subset.replace("_", " "), _share(share_of(round(one.success * one.episodes), one.episodes)),
             f"{100 * one.invalid:.0f}") for one in scored]
    unseen = [one.subset for one in scored if one.subset not in (*seen, "long_horizon")]
    for what, subsets in (("seen", seen), ("unseen", unseen)):
        ones = [one for one in scored if one.subset in subsets]
        hits, count = sum(round(one.success * one.episodes) for one in ones), sum(one.episodes for one in ones)
        rows.append((name, what, _share(share_of(hits, count)), f"{100 * sum(one.invalid for one in ones) / len(ones):.0f}"))
    return rows


def home_steps(steps: int = STEPS) -> float:
    """How many steps the home makes in a second, drawn, while the expert works."""
    return _steps(MiniHome(), [seed for subset in SUBSETS for seed in evaluation_seeds(subset)], next_skill, steps)


def table_steps(steps: int = STEPS // 10) -> float:
    """How many steps the table top makes in a second, with its physics and drawn, while the expert works."""
    return _steps(MiniTable(), list(range(EPISODES)), next_action, steps)


def _steps(world: gymnasium.Env[Any, Any], seeds: Sequence[int], next_of: Callable[[Any], Any], steps: int) -> float:
    done, spent = 0, 0.0
    while done < steps:
        _, info = world.reset(seed=seeds[done % len(seeds)])
        while (action := next_of(info["state"])) is not None:
            started = time.perf_counter()
            _, _, terminated, truncated, info = world.step(action)
            spent += time.perf_counter() - started
            done += 1
            if terminated or truncated:
                break
    return done / spent


STEPPING: dict[World, Callable[[], float]] = {"home": home_steps, "table": table_steps}


def turn_seconds(world: World = "home", turns: int = 12) -> float:
    """Median seconds of a turn on the page, the first left out."""
    settings = EraSettings(world=world, agent="trained", max_turns=turns)
    with player_of(settings, Inputs()) as player:
        stamps = []
        for part in play(settings, player):
            if isinstance(part, Episode):
                stamps.append(time.perf_counter())
    return median(after - before for before, after in pairwise(stamps[1:]))


def memory() -> str:
    """What the shipped agent does with its last summary, and with all that it ever said."""
    rows = []
    for policy, name in (("last action", "the last action alone"), ("summary", "its last reflection and plan"),
                         ("full", "everything")):
        made = [_episode(EraSettings(agent="trained", subset=subset, number=home, policy=policy)) for subset in SEEN
                for home in range(HOMES)]
        prompts = [_words(turn) for one in made for turn in one.turns]
        late = [_words(one.turns[-1]) for one in made]
        rows.append((name, _share(share_of(sum(bool(one.success) for one in made), len(made))),
                     f"{sum(prompts) / len(prompts):.0f}", f"{max(prompts)}", f"{sum(late) / len(late):.0f}"))
    return (f"## ERA: what the agent remembers\n\nThe first {HOMES} fixed homes of each seen subset, greedy. It was trained with its "
            "last reflection and plan. Words are those of the prompt, without the picture; of a memory that is too long for the "
            "network the newest that fits is given.\n\n"
            + markdown(("remembers", "done %", "words of a prompt, mean", "most", "at the last turn"), rows))


def _episode(settings: EraSettings) -> Episode:
    with player_of(settings, Inputs()) as player:
        *_, last = (part for part in play(settings, player) if isinstance(part, Episode))
    return last


def _words(turn: Turn) -> int:
    return len(turn.prompt.split())


def _share(share: Share | None) -> str:
    return "none" if share is None else f"{100 * share.mean:.0f} [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def _percent(value: float | None) -> str:
    return "not given" if value is None else f"{value:.1f}"


def _listed(subsets: Sequence[str]) -> str:
    return ", ".join(subset.replace("_", " ") for subset in subsets)
