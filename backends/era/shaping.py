"""ERA's dense reward, recomputed from what a log says of each step (ERA, section on rewards; alfred_env_for_vagen.py).

    r = 3 [task done] + 1 [progress is a new maximum of the episode] - 0.5 [action failed]

It is what the training would have paid, not what the log recorded: EmbodiedBench stores no reward per step. For the table top only
the first term can be told from a log, since where the gripper and the objects were is not stored.
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
    is_dense = is_dense and episode.world not in TABLE_TOPS
    for _, action in episode.steps():
        success = SUCCESS if action.success and not is_done else 0.0
        is_done |= bool(action.success)
        rises = action.progress is not None and action.progress > best
        best = max(best, action.progress or 0.0)
        found.append(Shaped(success, SUBGOAL, _behaviour(action)) if rises and is_dense
                     else Shaped(success, 0.0, _behaviour(action) if is_dense else 0.0))
    return tuple(found)


def _behaviour(action: Action) -> float:
    return FAILED if action.ok is False else 0.0


def shaped_return(episode: Episode, *, is_dense: bool = True) -> float:
    """Return what the whole episode would have been paid, undiscounted."""
    return sum(step.total for step in shaped(episode, is_dense=is_dense))
