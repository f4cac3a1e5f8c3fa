"""What a run of MindCube gives back: one room asked about, replies to many questions scored, or a training."""

from itertools import permutations
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from backends.mindcube.chains import StepKind
from backends.mindcube.settings import MAX_MAP, Config, MindCubeSettings, Way
from backends.run import Result
from backends.shapes import Count, Finite, Frozen, Rate, Seconds, Shaped, at_most, floats, jpeg, length, one_of

MAX_SPOTS, MAX_VIEWS, MAX_OPTIONS, MAX_STEPS = 100, 8, 5, 40
MAX_REPLY, MAX_TEXT = 20_000, 3_000  # characters
MAX_LINES, MAX_TOLD = 60_000, 2_000  # rows that are counted; of which words are kept
MAX_POINTS, MAX_SAMPLES, MAX_TURNS, MAX_HANDED = 2_000, 12, 10, 4
ORDERS: tuple[tuple[int, ...], ...] = tuple(permutations(range(4)))  # which thing of a map stands north, east, south and west
MAX_WORDS = 512  # of a reply whose gaze is kept
Name = Annotated[str, Field(max_length=200)]
Triple = tuple[Finite, Finite, Finite]  # mean, and the ends of its 95 % interval
Mean = Triple | tuple[Finite] | None  # an evaluation that was brought has no intervals, and may lack a mean
Place = Annotated[float, Field(ge=-1e6, le=1e6)]


class Spotted(Frozen):
    """Something on a map: an object, or a camera; x to the right and y down, on a grid of 10 x 10."""

    name: Name
    x: Place
    y: Place
    facing: Annotated[str, Field(max_length=10)] = ""  # up, right, down, left, inner, outer


class Drawn(Frozen):
    """A cognitive map; `views` is None in the plain form."""

    objects: Annotated[tuple[Spotted, ...], at_most(MAX_SPOTS)]
    views: Annotated[tuple[Spotted, ...] | None, at_most(MAX_SPOTS)] = None


class Likeness(Frozen):
    """How alike a written map and the true one are, under one metric."""

    direction: Rate
    facing: Rate
    overall: Rate
    coverage: Rate
    is_isomorphic: bool
    turn: Annotated[str, Field(max_length=12)] = ""  # of the written map, under which the rest holds


class Gaze(Shaped):
    """Where the model looked while it wrote: attention of each word of the reply to each image, mean over layers and heads.

    A word is a token, with the row of attention from which it was foretold.
    """

    own_axes: ClassVar[tuple[str, ...]] = ("words", "images")

    words: Annotated[tuple[Name, ...], at_most(MAX_WORDS, least=1), length("words")]
    images: Annotated[np.ndarray, floats("words", "images", low=0)]  # shares of all attention of that word
    own_map: Annotated[np.ndarray, floats("words", low=0)]  # the share on the words of its own map, or the given one


class Replied(Shaped):
    """What one way of answering brought.

    Attributes:
        given: the map that stood in the prompt, or was put into the model's mouth; None where it was left to itself.
        is_true_given: whether that was the true map, unchanged.
        text: the whole reply, in the tags of the released code.
        letter: as the official extraction finds it; "" where it finds none.
        answer: the option in words.
        map_note: why there is no map, where one was to be written.
        seconds: of writing it.
    """

    configuration: Annotated[str, one_of(Config, Literal[""])]  # "" where a file does not tell
    text: Annotated[str, Field(max_length=MAX_REPLY)]
    letter: Annotated[str, Field(max_length=1)]
    answer: Annotated[str, Field(max_length=MAX_TEXT)]
    is_right: bool
    has_tag: bool
    is_cut: bool
    thought: Annotated[str, Field(max_length=MAX_REPLY)] = ""
    given: Drawn | None = None
    is_true_given: bool = False
    map: Drawn | None = None
    map_note: Annotated[str, Field(max_length=500)] = ""
    official: Likeness | None = None
    exact: Likeness | None = None
    tokens: Count = 0
    seconds: Seconds = 0.0
    gaze: Gaze | None = None


class Step(Frozen):
    """One step of the chain that leads to the right answer."""

    kind: Annotated[str, one_of(StepKind)]
    text: Annotated[str, Field(max_length=MAX_TEXT)]
    images: Annotated[tuple[Count, ...], at_most(MAX_VIEWS)] = ()  # that it speaks of, from 1
    objects: Annotated[tuple[Name, ...], at_most(MAX_SPOTS)] = ()  # that it names
    ring: Annotated[tuple[Name, ...], at_most(4)] = ()  # what then stands in front, right, behind, left; "" for nothing


class Asked(Shaped):
    """One question, the true map of its room and what each way of answering brought.

    Attributes:
        scene: as a text, which worlds.rooms reads and draws; "" where the question came from a file.
        pictures: JPEGs of a file's question, in the order of its images.
        id, template, family: by MindCube's grammar.
        images: places of the question's images among the scene's cameras; a place behind the last is of a camera `beside` them.
        beside: such cameras: x, y and height in metres, heading, pitch and field of view in degrees, as worlds.rooms has them.
        start, end: where one stands and looks, before and after the turn: metres east and north, degrees clockwise from north.
        true: the map with its cameras; None where a file does not say it.
    """

    scene: Annotated[str, Field(max_length=MAX_MAP)] = ""
    id: Name
    template: Name
    family: Name
    question: Annotated[str, Field(max_length=MAX_TEXT)]
    options: Annotated[tuple[Name, ...], at_most(MAX_OPTIONS)]
    right: Annotated[str, Field(max_length=1)]
    images: Annotated[tuple[Count, ...], at_most(MAX_VIEWS)] = ()
    beside: Annotated[tuple[tuple[Finite, Finite, Finite, Finite, Finite, Finite], ...], at_most(MAX_VIEWS)] = ()
    start: tuple[Finite, Finite, Finite] | None = None
    end: tuple[Finite, Finite, Finite] | None = None
    true: Drawn | None = None
    steps: Annotated[tuple[Step, ...], at_most(MAX_STEPS)] = ()
    replies: Annotated[tuple[Replied, ...], at_most(10)] = ()
    pictures: Annotated[tuple["Picture", ...], at_most(MAX_VIEWS)] = ()


class Picture(Shaped):
    """An image of a question, as a person sees it."""

    name: Name
    jpeg: Annotated[np.ndarray, jpeg()]  # (bytes,)


class Part(Frozen):
    """A share of the questions: all that count, a setting, a template. Names and numbers as of `scoring.Part`."""

    kind: Annotated[str, Field(max_length=10)]  # overall, setting, template
    name: Name
    count: Count
    correct: Count
    official: Triple
    tagged: Triple | None
    num_tagged: Count
    balanced: Triple | None
    untagged: Rate | None  # None, as what is not told: an evaluation that was brought says less than ours
    cut: Rate | None
    chance: Rate | None  # of a letter at random
    text_only: Rate | None  # of the rule that reads the text alone


class MapCounts(Frozen):
    """How good the maps of all questions are. As of `scoring.Maps`; triples are overall, direction, facing.

    What an evaluation that was brought does not say is None: it knows the official metric only.
    """

    count: Count
    parsable: Count | None
    valid: Count | None
    isomorphic: Count | None
    exactly_isomorphic: Count | None
    official: tuple[Mean, Mean, Mean] | None
    exact: tuple[Triple, Triple, Triple] | None
    coverage: Rate | None
    turns: Annotated[tuple[tuple[Name, Count], ...], at_most(MAX_TURNS)] = ()
    num_without_truth: Count = 0


class Followed(Frozen):
    """The same questions with their options in another order: how often the letter stays, and how often the answer does."""

    pairs: Count
    letter: Triple
    answer: Triple


class Line(Frozen):
    """One question in the table."""

    id: Name
    family: Name
    template: Name
    gold: Annotated[str, Field(max_length=1)]
    letter: Annotated[str, Field(max_length=1)] = ""
    is_right: bool | None = None  # None where there is no reply
    has_tag: bool | None = None
    valid: bool | None = None  # the map; None where none was looked for
    direction: Rate | None = None
    facing: Rate | None = None
    overall: Rate | None = None
    coverage: Rate | None = None
    is_isomorphic: bool | None = None
    is_exactly: bool | None = None
    turn: Annotated[str, Field(max_length=12)] = ""
    tokens: Count | None = None
    question: Annotated[str, Field(max_length=MAX_TEXT)] = ""  # of the first MAX_TOLD lines
    reply: Annotated[str, Field(max_length=MAX_TEXT)] = ""


class Report(Frozen):
    """Replies of one model in one configuration, scored."""

    configuration: Annotated[str, Field(max_length=40)]  # the paper's name; "" where a file does not tell
    model: Name
    source: Name  # drawn rooms, or the file
    unfiltered: Count  # questions, those of translation included, which count in no overall number
    parts: Annotated[tuple[Part, ...], at_most(100)]
    maps: MapCounts | None = None
    following: Followed | None = None
    silent: Annotated[str, Field(max_length=500)] = ""  # in a sentence that the model did not answer
    lines: Annotated[tuple[Line, ...], at_most(MAX_LINES)] = ()


class Brought(Frozen):
    """A file that was found in what somebody brought."""

    name: Name
    layout: Name  # in words
    task: Annotated[str, Field(max_length=40)]
    task_from: Annotated[str, Field(max_length=10)]
    model: Name
    rows: Count
    left_out: Count
    images: Count
    missing: Count | None  # None where no image at all was brought
    templates: Annotated[tuple[tuple[Name, Count], ...], at_most(200)] = ()


class Trained(Frozen):
    """One point of a training; None where nothing of the kind was to be said."""

    step: Count
    loss: Finite
    answers: Rate
    maps: Rate | None
    thoughts: Rate | None


class Earned(Frozen):
    """One round of reinforcement."""

    iteration: Count
    reward: Finite  # mean of the replies that were learned from
    valid: Rate
    answers: Rate | None  # of fresh questions; None between two looks
    maps: Rate | None


class Sample(Frozen):
    """A fresh question in symbols and what the model said to it."""

    step: Count
    shown: Annotated[str, Field(max_length=MAX_TEXT)]
    right: Annotated[str, Field(max_length=MAX_TEXT)]
    said: Annotated[str, Field(max_length=MAX_TEXT)]
    is_right: bool


class Handed(Frozen):
    """A fresh question in symbols, asked with each map on which its four things may stand.

    Attributes:
        asked: the view that one looks as, the turn after that, and the direction.
        things: that truly stand in the north, east, south and west.
        where: the answer lies, a direction of the compass; the views tell it, and no map.
        answers: what it said, a thing where it said one, in the order of ORDERS.
    """

    asked: Name
    things: Annotated[tuple[Name, ...], at_most(4, least=4)]
    where: Annotated[str, one_of(Literal["north", "east", "south", "west"])]
    answers: Annotated[tuple[Name, ...], at_most(len(ORDERS), least=len(ORDERS))]


class Training(Frozen):
    """A training in symbols, with those that it went on from.

    Attributes:
        handed: what it makes of other maps at the end; nothing where its way has none.
    """

    way: Annotated[str, one_of(Way)]
    points: Annotated[tuple[Trained, ...], at_most(MAX_POINTS)] = ()
    rounds: Annotated[tuple[Earned, ...], at_most(MAX_POINTS)] = ()
    samples: Annotated[tuple[Sample, ...], at_most(MAX_SAMPLES)] = ()
    handed: Annotated[tuple[Handed, ...], at_most(MAX_HANDED)] = ()
    chance: Rate
    cpu_s: Seconds = 0.0
    went_on_from: Count = 0  # steps and rounds that were there already

    @property
    def brief(self) -> str:
        steps = f"{self.points[-1].step:,} steps" if self.points else ""
        rounds = f"{len(self.rounds)} rounds of reinforcement" if self.rounds else ""
        answers = [*(point.answers for point in self.points), *(one.answers for one in self.rounds if one.answers is not None)]
        behind = " and ".join(filter(None, (steps, rounds)))
        return f"after {behind} {100 * answers[-1]:.0f} % of fresh questions are answered correctly" if answers else f"after {behind}"


class MindCubeResult(Result):
    """One run."""

    system: ClassVar[str] = "mindcube"

    settings: MindCubeSettings
    asked: Asked | None = None
    reports: Annotated[tuple[Report, ...], at_most(20)] = ()
    files: Annotated[tuple[Brought, ...], at_most(1_000)] = ()
    training: Training | None = None

    @model_validator(mode="after")
    def _has_its_own_part_only(self) -> Self:
        task = self.settings.task
        if (self.training is not None and task != "train") or (self.reports and task not in ("evaluate", "file")):
            raise ValueError(f"the task is {task}, and there is the part of another")
        return self

    @property
    def is_of_logs(self) -> bool:
        return self.settings.task == "file"

    @property
    def brief(self) -> str:
        if self.reports:
            first = self.reports[0]
            counted = [part for part in first.parts if part.kind == "overall"]
            return f"{counted[0].count:,} questions scored" if counted else f"{len(first.lines):,} questions"
        if self.asked and self.asked.replies:
            right = sum(reply.is_right for reply in self.asked.replies)
            return f"{right} of {len(self.asked.replies)} ways of answering are correct"
        return self.training.brief if self.training else ""
