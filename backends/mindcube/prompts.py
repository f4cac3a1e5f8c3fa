"""The ten configurations that MindCube compares: what a model is given besides the views, and what it has to write.

The sections, the tags and the targets are upstream's to the letter; the wording of what is asked is our own. VI-1 and VI-2 (one or
two interpolated frames between views) are in the paper's table and not in its code: they are asked as Raw-QA is, with the images
counted anew. Source: MindCube's prompt_generation/templates.py; arXiv 2506.21458, Table 2.
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends.files.rows import OddRow
from backends.mindcube.items import Item, with_options
from backends.mindcube.maps import Map, listed_anew, to_json

Form = Literal["", "augmented", "plain"]
INTRO = "Based on my observation, the answer is:\n"
IMAGE = "<image>\n"
QUESTION = "[Question]\n"
MAP_IN = "[Cognitive Map Format]"


@dataclass(frozen=True)
class Configuration:
    """One of the ten.

    Attributes:
        key: the task in upstream's code and file names; "" where it is not in the code.
        given: whether the true map is in the prompt.    form: of the map that is to be written.
        thinks: whether a thought is to be written.    frames: interpolated between consecutive views.
    """

    name: str
    key: str
    given: bool = False
    form: Form = ""
    thinks: bool = False
    frames: int = 0

    @property
    def is_in_code(self) -> bool:
        return bool(self.key)


CONFIGURATIONS = (
    Configuration("Raw-QA", "raw_qa"), Configuration("VI-1", "", frames=1), Configuration("VI-2", "", frames=2),
    Configuration("FFR", "ff_rsn", thinks=True), Configuration("Aug-CGMap-In", "aug_cgmap_in", given=True),
    Configuration("Aug-CGMap-Out", "aug_cgmap_out", form="augmented"),
    Configuration("Plain-CGMap-Out", "plain_cgmap_out", form="plain"),
    Configuration("Aug-CGMap-FFR-Out", "aug_cgmap_ffr_out", form="augmented", thinks=True),
    Configuration("Plain-CGMap-FFR-Out", "plain_cgmap_ffr_out", form="plain", thinks=True),
    Configuration("CGMap-In-FFR-Out", "cgmap_in_ffr_out", given=True, thinks=True))
BY_KEY = {one.key: one for one in CONFIGURATIONS if one.key}
BY_NAME = {one.name: one for one in CONFIGURATIONS}

_NUMBERED = re.compile(r"\bimages? \d(?!\d)(?:(?:,| and|, and) \d(?!\d))*", re.IGNORECASE)  # image 2; image 1, 2, and 3
_LOOK = "Work out from the images, which show one scene from several viewpoints, how the objects in it are arranged."
_DIRECTIONS = ("- up, right, down and left are towards the top, right, bottom and left of the grid: y grows downwards\n"
               "- inner and outer are straight into and out of the sheet\n")
_SCHEMA: dict[Form, str] = {
    "augmented": ('{\n  "objects": [\n    {"name": "object_name", "position": [x, y], "facing": "direction"},\n'
                  '    {"name": "object_without_orientation", "position": [x, y]}\n  ],\n  "views": [\n'
                  '    {"name": "View 1", "position": [x, y], "facing": "direction"}\n  ]\n}'),
    "plain": ('{\n    "object_category_1": {"position": [x, y]},\n'
              '    "object_category_2": {"position": [x, y], "facing": "direction"}\n}')}
_EXAMPLE = "'A. Above' from 'A. Above B. Under C. Front D. Behind'"


@dataclass(frozen=True)
class Part:
    """A section of a prompt."""

    title: str  # as it stands in brackets
    text: str


@dataclass(frozen=True)
class Prompt:
    """What is asked; the images come before it, one placeholder each."""

    parts: tuple[Part, ...]
    images: int

    @property
    def text(self) -> str:
        return "\n".join(f"[{part.title}]\n{part.text}" for part in self.parts)

    @property
    def with_placeholders(self) -> str:
        """As training files have it."""
        return IMAGE * self.images + self.text


def prompt(item: Item, configuration: Configuration, true: Map | None = None, *, rng: np.random.Generator | None = None) -> Prompt:
    """Return what a configuration asks of an item.

    Args:
        true: the true map; needed where a map is given or to be written, of which only the names and who has a facing are told.
        rng: lists the objects in a random order, which the paper's second version does so that no map can be copied from the list.
    Raises:
        ValueError: a map is needed, and there is none.
    """
    if (configuration.given or configuration.form) and true is None:
        raise ValueError(f"{configuration.name} needs the true map of the scene, and none was given")
    parts = [Part("Task", _task(configuration))]
    if configuration.form and true is not None:
        parts.append(Part("Rules", _rules(true if rng is None else listed_anew(true, rng), configuration.form)))
    parts.append(Part("Answer Instruction", _instruction(configuration)))
    if configuration.given and true is not None:
        parts.append(Part("Cognitive Map Format", _given(true)))
    parts.append(Part("Question", with_options(counted_anew(item.stem, configuration.frames), item.options)))
    return Prompt(tuple(parts), max(0, (len(item.images) - 1) * (configuration.frames + 1) + 1))


def counted_anew(text: str, frames: int) -> str:
    """Return a question with its images numbered as they are when so many frames stand between each two of them."""
    def renumber(match: re.Match[str]) -> str:
        return re.sub(r"\d+", lambda number: str((int(number[0]) - 1) * (frames + 1) + 1), match[0])

    return _NUMBERED.sub(renumber, text) if frames else text


def _task(configuration: Configuration) -> str:
    if configuration.given:
        return f"{_LOOK} A cognitive map of the scene is given below: use it to answer the question."
    if configuration.form:
        return f"{_LOOK} Then write a cognitive map of the scene on a grid of 10x10 cells."
    return _LOOK


def _rules(true: Map, form: Form) -> str:
    names = ", ".join(spot.name for spot in true.objects)
    faced = [spot.name for spot in true.objects if spot.facing]
    rules = [f"1. Place these categories of objects and no others: {{{names}}}",
             "2. The map is a bird's view on a 10x10 grid, [0, 0] at the top left and [9, 9] at the bottom right:\n" + _DIRECTIONS +
             "- give the centre [x, y] of every instance of these categories\n- keep how the objects stand to each other\n"
             "- take all images together: they show one scene" + ("\n- give the position and direction of each camera"
                                                                  if form == "augmented" else ""),
             "3. Bring all views together into one map that does not contradict itself."]
    if faced:
        # upstream joins these names with blanks, so that nobody can tell where a name of two words ends
        rules.append(f"4. Say which way these objects face (up, right, down or left): [{', '.join(faced)}]. Leave it out for others.")
    return "\n".join(rules)


def _instruction(configuration: Configuration) -> str:
    if configuration.form:
        before = "reasoning" if configuration.thinks else "answer"
        thought = "<think>(your reasoning)</think>" if configuration.thinks else ""
        then = "reason step by step, then give exactly one" if configuration.thinks else "give exactly one"
        return (f"1. Write your cognitive map as JSON of this form **before your {before}**:\n"
                f"```json\n{_SCHEMA[configuration.form]}\n```\n"
                f"2. Next, {then} of the options, such as \"A. Above\".\n"
                f"3. Your whole response must have the form \"{INTRO.strip()}\\n<cogmap>(your map)</cogmap>{thought}"
                "<answer>(your answer)</answer>\".")
    if configuration.thinks:
        return (f"Reason step by step first, then give one of the options. If you think that the answer is {_EXAMPLE}, the form is "
                "'<think>(your reasoning)</think><answer>A. Above</answer>'.")
    return (f"Give exactly one of the options. If you think that the answer is {_EXAMPLE}, your response is **only** "
            "'<answer>A. Above</answer>'.")


def _given(true: Map) -> str:
    return ("This is the scene on a 10x10 grid in the bird's view, [0,0] at the top left and [9,9] at the bottom right.\n"
            + _DIRECTIONS + "- \"objects\" are the things that matter, \"views\" the cameras; \"facing\" is where they look, "
            "if that is known\n" + to_json(true))


def target(item: Item, configuration: Configuration, true: Map | None = None, chain: str = "") -> str:
    """Return what a model is trained to write, to the letter of upstream's.

    Args:
        chain: the thought, for configurations that think.
    Raises:
        OddRow: the item has no right option.    ValueError: a map is needed, and there is none.
    """
    if item.right is None:
        raise OddRow(f"It has no option {item.answer!r}. The right answer must be one of them.", "no right option")
    written = ""
    if configuration.form:
        if true is None:
            raise ValueError(f"{configuration.name} writes a map, and none was given")
        shown = to_json(true if configuration.form == "augmented" else true.plain)
        written = f"{INTRO}<cogmap>```json\n{shown}\n```</cogmap>"
    thought = f"<think>{chain}</think>" if configuration.thinks else ""
    return f"{written}{thought}<answer>{item.answer}. {item.right.text}</answer>"


def configuration_of(text: str) -> Configuration | None:
    """Return the configuration that a prompt asks for; None where it is none of them. Works for upstream's prompts and ours."""
    before = text.rpartition(QUESTION)[0] or text
    if "<answer>" not in before:
        return None
    thinks = "<think>" in before
    if "<cogmap>" in before:
        if MAP_IN in before:
            return None  # a map in and a map out: in upstream's code, and not among the ten
        form: Form = "augmented" if re.search(r'"views"\s*:', before) else "plain"
        return _only(form=form, thinks=thinks)
    return _only(given=MAP_IN in before, thinks=thinks)


def _only(*, given: bool = False, form: Form = "", thinks: bool = False) -> Configuration | None:
    return next((one for one in BY_KEY.values() if (one.given, one.form, one.thinks) == (given, form, thinks)), None)


