"""Tables of questions that were brought, and what several of them have of each other.

VLMEvalKit writes a result without its pictures, and one for each version of MathVerse. So a table without pictures takes those of
another of its data set, question by question, and the versions of one model are joined, for its overall is the mean of all five.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backends.merging.question_rows import VERSIONS, Benchmark, Question
from worlds.errors import InputError


@dataclass(frozen=True)
class QuestionFile:
    """One table of questions.

    Attributes:
        model: whose replies it holds, as its name says; "" where there are none.
        count: its rows, those that were left out included.
        missing: pictures that are named and not there.
    """

    file: str
    benchmark: Benchmark
    questions: tuple[Question, ...]
    model: str
    count: int
    left_out: int
    missing: int
    notes: tuple[str, ...] = ()

    @property
    def has_replies(self) -> bool:
        return any(question.prediction is not None for question in self.questions)


@dataclass(frozen=True)
class Brought:
    """Everything that was found."""

    files: tuple[QuestionFile, ...]
    notes: tuple[str, ...]

    def file(self, wanted: str = "") -> QuestionFile:
        """Return the table of that name, or with that end; the first where none is wanted. Raises InputError for a strange name."""
        chosen = next((one for one in self.files if not wanted or one.file == wanted or one.file.endswith(f"/{wanted}")), None)
        if chosen is None:
            names = ", ".join(one.file[-60:] for one in self.files[:5])
            raise InputError(f"There is no file {wanted[:80]!r} of questions. There are {names}.")
        return chosen


def with_lent_pictures(files: Sequence[QuestionFile]) -> list[QuestionFile]:
    """Return the tables, those without a picture with the ones of another table of their data set."""
    lent: dict[tuple[Benchmark, str], Question] = {}
    for one in files:
        for question in one.questions:
            if question.pictures:
                lent.setdefault((one.benchmark, question.id), question)
    found = []
    for one in files:
        if lent and not any(question.pictures for question in one.questions):
            own = [lent.get((one.benchmark, question.id)) for question in one.questions]
            one = replace(one, questions=tuple(
                replace(question, pictures=other.pictures) if other and other.text == question.text else question
                for question, other in zip(one.questions, own)))
        found.append(one)
    return found


def with_versions_joined(files: Sequence[QuestionFile]) -> tuple[QuestionFile, ...]:
    """Return the tables; before them, those of one model that hold different versions of MathVerse as one."""
    by_model: dict[tuple[str, bool], list[QuestionFile]] = {}
    for one in files:
        if one.benchmark == "mathverse" and len({question.subset for question in one.questions}) == 1:
            by_model.setdefault((one.model, one.has_replies), []).append(one)
    joined = [_joined(own) for own in by_model.values()
              if 1 < len(own) == len({part.questions[0].subset for part in own}) <= len(VERSIONS) + 1]  # and text only
    return (*joined, *files)


def _joined(parts: Sequence[QuestionFile]) -> QuestionFile:
    def place(part: QuestionFile) -> int:
        version = part.questions[0].subset
        return next((place for place, name in enumerate(VERSIONS) if name == version), len(VERSIONS))

    parts = sorted(parts, key=place)
    return QuestionFile(
        f"{parts[0].model or 'MathVerse'}, {len(parts)} versions of MathVerse", "mathverse",
        tuple(question for part in parts for question in part.questions), parts[0].model, sum(part.count for part in parts),
        sum(part.left_out for part in parts), sum(part.missing for part in parts),
        (f"Joined: {', '.join(part.file[-80:] for part in parts)}.",))
