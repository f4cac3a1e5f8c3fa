"""Which way somebody moved between two images."""

from worlds.rooms.questions.asks import Made, Make, fixed
from worlds.rooms.questions.question import MOVES
from worlds.rooms.scenes import Camera

_DIRECTLY = 0.25  # a move whose way ahead is less of its way aside is one to the side


def move_between(first: Camera, second: Camera) -> str:
    """Which of MOVES leads from one camera to another, as the first one looks.

    Raises:
        ValueError: it leads backwards, or straight ahead.
    """
    ahead, right = first.pose.away(second.x, second.y)
    if abs(right) > 0 and abs(ahead) < _DIRECTLY * abs(right):
        return MOVES[2 + (right > 0)]
    if ahead > 0 and abs(right) > _DIRECTLY * ahead:
        return MOVES[int(right > 0)]
    raise ValueError(f"{ahead:.2f} m ahead and {right:.2f} m to the right is none of the moves {MOVES}")


def moved(first: Camera, second: Camera) -> Make:
    """The question about two images; its pose is the second one's."""
    text = ("I took image 1 first, then I moved and took image 2 of the same objects. As seen from where I took image 1, in which "
            "direction did I move?")
    return fixed(Made(text, MOVES, move_between(first, second), (first, second), first.pose, second.pose))
