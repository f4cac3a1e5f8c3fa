"""What somebody brought: files of questions, with or without replies, evaluations, and where their images are."""

from dataclasses import dataclass
from typing import Literal

from backends.mindcube.formats.evaluation import Evaluation
from backends.mindcube.items import Answered, Item

Layout = Literal["raw", "scaffold", "prompts", "training", "responses", "rl"]
SAID: dict[Layout, str] = {"raw": "MindCube's questions", "scaffold": "questions with true maps and chains", "prompts": "prompts",
                           "training": "conversations for fine-tuning", "responses": "a model's replies", "rl": "questions for RL"}
WOULD_WORK = ("a .zip, .json or .jsonl with MindCube's questions (id, question, images, gt_answer), its scaffolds, prompts, replies "
              "(with `answer`), conversations, RL data (with `question_str`), or an evaluation (with `results`)")
TaskFrom = Literal["", "name", "prompt"]


@dataclass(frozen=True)
class ItemFile:
    """One file of questions.

    Attributes:
        task: the key of its configuration; "" where neither its name nor its prompts tell.    task_from: which of them told.
        count: its rows, those that were left out included.
        templates: how many questions each template has.
        images: of all questions, and how many of them are not there; None where no image at all was brought.
    """

    file: str
    layout: Layout
    task: str
    task_from: TaskFrom
    model: str
    replies: tuple[Answered, ...]
    count: int
    left_out: int
    templates: dict[str, int]
    num_images: int
    num_missing: int | None
    notes: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(one.item for one in self.replies)


@dataclass(frozen=True)
class Brought:
    """Everything that was found."""

    files: tuple[ItemFile, ...]
    evaluations: tuple[Evaluation, ...]
    notes: tuple[str, ...]
