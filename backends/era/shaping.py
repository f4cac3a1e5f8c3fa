"""ERA's dense reward, recomputed from what a log says of each step (ERA, section on rewards; alfred_env_for_vagen.py).

    r = 3 [task done] + 1 [progress is a new maximum of the episode] - 0.5 [action failed]

It is what the training would have paid, not what the log recorded: EmbodiedBench stores no reward per step. The table top has other
terms (mani_env.py), where +-0.5 is for how true the agent's words about the picture are:

    r = 3 [task done] + 1 [the gripper comes near a target for the first time] + 0.5 [words right] - 0.5 [words wrong]

Of a log of the benchmark only the first of them can be told, since where the gripper and the objects were is not stored; an episode
of the miniature table top carries them all.
"""

from dataclasses import dataclass

from backends.episode import Action, Episode
from worlds.minihome.goals import FAILED, SUBGOAL, SUCCESS

LABEL = "ERA shaping, recomputed"
TABLE_TOPS = ("eb_manipulation", "minitable")  # where "behaviour" is about what was seen, which no log can tell


@dataclass(frozen=True)
class Shaped:
    """The terms of one step."""

    success: float = 0.0
    subgoal: float = 0.0
    behaviour: float = 0.0

    @property
    def total(self) -> float:
        return self.success + self.subgoal + self.behaviour


def shaped(episode: Episode, *, is_dense: bool = True) -> tuple[Shaped, ...]:
    """Return the terms of each action, in order; success is paid once, on the step that ends the task.

    Args:
        is_dense: whether subgoals and failed actions count; the training pays for success alone after its first iterations.
    """
    found: list[Shaped] = []
    best = 0.0
    is_done = False
    is_table = episode.world in TABLE_TOPS
    for _, action in episode.steps():
        success = SUCCESS if action.success and not is_done else 0.0
        is_done |= bool(action.success)
        rises = action.progress is not None and action.progress > best
        best = max(best, action.progress or 0.0)
        if not is_dense:
            found.append(Shaped(success))
        elif is_table or "subgoal" in action.rewards:  # what its world paid: it knows what was met at the beginning
            found.append(Shaped(success, action.rewards.get("subgoal", 0.0), action.rewards.get("behaviour", 0.0)))
        else:
            found.append(Shaped(success, SUBGOAL if rises else 0.0, _behaviour(action)))
    return tuple(found)


def _behaviour(action: Action) -> float:
    return FAILED if action.ok is False else 0.0


def shaped_return(episode: Episode, *, is_dense: bool = True) -> float:
    """Return what the whole episode would have been paid, undiscounted."""
    return sum(step.total for step in shaped(episode, is_dense=is_dense))
