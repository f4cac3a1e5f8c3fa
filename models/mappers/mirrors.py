"""What a map that is given does: its mirror image must change the answers that lie on the mirrored axis, and no others."""

from collections.abc import Sequence

from transformers import PreTrainedModel

from models.mappers.examples import mirrored
from models.mappers.learning import Task, ask
from models.mappers.ways import Way

AXES = ("east-west", "north-south")


def mirror_test(model: PreTrainedModel, way: Way, tasks: Sequence[Task], axis: str) -> tuple[float, float]:
    """Share of the answers that a mirror image changes, 0 to 1: of those on the axis, and of the others.

    Args:
        way: one in which a map is given.    tasks: of views in words, whose thoughts end where the answer lies.
    """
    before = ask(model, way, tasks)
    after = ask(model, way, tasks, maps=[mirrored(task.example.spots, axis) for task in tasks])
    changed = [one.answer != other.answer for one, other in zip(before, after)]
    is_on = [task.example.thought[-1] in axis.split("-") for task in tasks]
    on, off = ([one for one, where in zip(changed, is_on) if where == side] for side in (True, False))
    return sum(on) / len(on), sum(off) / len(off)
