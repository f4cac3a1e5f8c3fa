"""Tables of RAGEN: rollouts of a group, repeated thoughts, metrics, lists of logs, the paper's numbers; as shown and taken away."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from backends.ragen import paper
from backends.ragen.measures import Metrics
from backends.ragen.results import Training
from backends.ragen.rollouts import Entry, Rollout

ENDINGS = {True: "yes", False: "no", None: "not known"}


def rollouts(own: Sequence[Rollout]) -> pd.DataFrame:
    """A row for each episode of a group; columns that nobody knows anything for are left out."""
    rows = [{"episode": number + 1 if one.member is None else one.member, "score": one.score, "success": ENDINGS[one.episode.success],
             "advantage": one.advantage, "turns": len(one.episode.turns), "first thought": first_thought(one),
             "actions": " / ".join(", ".join(action.name for action in turn.actions) or "none" for turn in one.episode.turns)}
            for number, one in enumerate(own)]
    return _known(pd.DataFrame(rows))


def first_thought(rollout: Rollout) -> str:
    """What was thought first; where nothing could be read, what was said."""
    turns = rollout.episode.turns
    return (turns[0].thought or turns[0].reply) if turns else ""


def all_repeated(training: Training) -> pd.DataFrame:
    """The commonest thoughts of every iteration whose words were kept."""
    return pd.DataFrame([{"iteration": shot.iteration, "thought": one.thought, "times": one.count, "share": one.share}
                         for shot in training.snapshots for one in shot.repeated])


def metrics(history: Sequence[Metrics]) -> pd.DataFrame:
    """A row for each iteration."""
    return _known(pd.DataFrame([asdict(one) for one in history]))


def entries(own: Sequence[Entry]) -> pd.DataFrame:
    """A row for each rollout of an iteration of logs."""
    return _known(pd.DataFrame([
        {"group": one.group, "member": one.member, "game": one.tag, "score": one.score, "penalty": one.penalty, "turns": one.turns,
         "success": ENDINGS[one.success], "said nothing": one.is_empty, "file": one.file} for one in own]))


def _known(table: pd.DataFrame) -> pd.DataFrame:
    return table.dropna(axis="columns", how="all")


def diversity() -> pd.DataFrame:
    """Table 2."""
    return pd.DataFrame([{"episodes of each start": one.members, "Sokoban": one.sokoban, "Sokoban, new words": one.new_words,
                          "Frozen lake": one.lake} for one in paper.DIVERSITY])


def actions() -> pd.DataFrame:
    """Table 3 with the lines that are ours."""
    return pd.DataFrame([
        {"actions of a turn": one.per_turn, "of an episode": one.per_episode, "Sokoban": one.sokoban,
         "random (ours)": one.sokoban_random, "new words": one.new_words,
         "larger": one.large, "larger, random (ours)": one.large_random, "Frozen lake": one.lake,
         "lake, random (ours)": one.lake_random, "lake, best (ours)": one.lake_best} for one in paper.ACTIONS])


def thinking() -> pd.DataFrame:
    """Table 4."""
    return pd.DataFrame([{"game": one.task, "with a thought": one.thinks, "answer alone": one.answers} for one in paper.THINKING])
