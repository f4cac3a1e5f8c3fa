"""A question, and the kinds of questions there are."""

from dataclasses import dataclass
from typing import Literal

from worlds.rooms.scenes import Camera, Direction, Pose

LETTERS = "ABCD"
YES, NO = "Yes", "No"
MOVES = ("diagonally forward and left", "diagonally forward and right", "directly left", "directly right")
Template = Literal["among_1", "among_2_1", "among_2_2", "among_5", "among_gen_3", "among_gen_4", "among_gen_6", "around_q1",
                   "around_q2_nearest", "around_q2_behind", "around_q4", "rotation", "free"]
TEMPLATES: dict[Template, str] = {  # what is asked, in words for people
    "among_1": "which way did I move",
    "among_2_1": "what is behind me",
    "among_2_2": "do I get closer",
    "among_5": "left or right of the centre",
    "among_gen_3": "can the centre see it",
    "among_gen_4": "left or right as the centre sees it",
    "among_gen_6": "left or right of the centre as a neighbour sees it",
    "around_q1": "which way did I move",
    "around_q2_nearest": "what is nearest behind it",
    "around_q2_behind": "is it behind",
    "around_q4": "nearest on the side, as a thing sees it",
    "rotation": "what is where after a turn",
    "free": "what is where after a turn",
}


@dataclass(frozen=True)
class Question:
    """A question about a scene.

    Attributes:
        id: in the grammar above.
        template: which of the questions it is.
        text: without the options.
        options: none is there twice.
        letter: of the right option.
        cameras: that took its images, in order.
        start: where one stands, and looks before any turn.
        pose: the same after the turn, or after the move; it is from here that `direction` is meant.
        direction: in which the answer lies; None where a move or a yes is asked for.
        names: the things that the text names, without the options.
        category: the benchmark's labels: pattern, relation, dynamics, perspective.
    """

    id: str
    template: Template
    text: str
    options: tuple[str, ...]
    letter: str
    cameras: tuple[Camera, ...]
    start: Pose
    pose: Pose
    direction: Direction | None
    names: tuple[str, ...]
    category: tuple[str, str, str, str]

    @property
    def answer(self) -> str:
        """The right option."""
        return self.options[LETTERS.index(self.letter)]

    @property
    def full_text(self) -> str:
        """The text with its options in one line."""
        return " ".join([self.text, *(f"{letter}. {option}" for letter, option in zip(LETTERS, self.options))])
