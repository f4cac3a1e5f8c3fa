"""Tasks "merge" and "grid": the small models merged in memory, and what each child can do on the same held-out questions."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from transformers import PreTrainedModel

from backends.merging.apart import by_part
from backends.merging.mix import Mix
from backends.merging.parents import Family
from backends.merging.results import Answer, Grid, Merged, Question, Skills, Tried
from backends.merging.settings import MergingSettings
from backends.run import Inputs, Progress
from models.adders.answering import Said, answers, sheet
from models.adders.scores import scores
from models.catalogue import declare
from worlds.pictures import encode_jpeg
from worlds.sums.drawing import picture
from worlds.sums.facts import STEPS
from worlds.sums.scenes import LOOKUPS, Item, draw_items

SHOWN_PX = 192  # side of a gallery's picture
GALLERY = (("unseen", 5), ("seen", 1), ("sees", 2))  # how many questions of each kind are shown
MOST_WEIGHT = 1.5  # of reasoning, on the curve of the methods that add task vectors
BEHIND = Mix("linear", 0.0)  # the reasoning model behind the other's eyes


def merge(settings: MergingSettings, family: Family, notes: list[str]) -> Iterator[Progress | Merged]:
    """Yield both parents, the child that is set, then one child after another along the curve."""
    mix, points = settings.mix(family.num_layers), _points(settings, notes)
    shown = gallery(settings)
    laid = sheet(shown, shows=True)
    taken, kept = family.counted(mix)
    found = Merged(gallery=tuple(asked_of(item) for item in shown), apart=by_part(family.moved()), merged_tensors=taken,
                   kept_tensors=kept, count=settings.num_questions)
    steps = 3 + len(points)
    for place, (name, model) in enumerate(_children(settings, family, mix, points)):
        started = time.monotonic()
        skills = skills_of(model, settings)
        heard = _told(found.gallery, shown, answers(model, laid), name)
        news: dict[str, object] = {"gallery": heard}
        if name in ("vlm", "behind", "child"):
            news[name] = skills
        else:
            news["curve"] = (*found.curve, Tried(at=points[place - 3], skills=skills))
        if name == "child":
            news |= {"merge_s": family.merge_s, "try_s": time.monotonic() - started}
        found = found.model_copy(update=news)
        yield found
        yield Progress((place + 1) / steps, _stage(settings, name))


def _children(settings: MergingSettings, family: Family, mix: Mix, points: Sequence[float]) -> Iterator[tuple[str, PreTrainedModel]]:
    yield "vlm", family.vlm
    yield "behind", family.merged(BEHIND)
    yield "child", family.merged(mix)
    for at in points:
        yield at_name(at), family.merged(replace(mix, reason=at) if settings.needs_base else replace(mix, vlm=at))


def at_name(at: float) -> str:
    """How an answer says of which place on the curve its model is."""
    return f"child:{at:.3f}"


def _points(settings: MergingSettings, notes: list[str]) -> tuple[float, ...]:
    if settings.curve and settings.gradient:
        notes.append("Along the depth there is no one share, so no curve was drawn.")
        return ()
    if not settings.curve:
        return ()
    return tuple(float(at) for at in np.linspace(0, MOST_WEIGHT if settings.needs_base else 1, settings.curve).round(3))


def _stage(settings: MergingSettings, name: str) -> str:
    known = {"vlm": "Tried the vision-language model", "behind": "Tried the reasoning model behind its eyes",
             "child": "Tried the child"}
    return known.get(name, f"Tried {'a weight' if settings.needs_base else 'a share'} of {name.partition(':')[2]}")


def skills_of(model: PreTrainedModel, settings: MergingSettings) -> Skills:
    """What a model can do, on the same questions for all."""
    found = scores(model, count=settings.num_questions, seed=settings.seed, noise=settings.noise)
    return Skills(sees=found["perception"].right, seen=found["joint_seen"].right, unseen=found["joint_unseen"].right,
                  reckons=found["text_unseen"].right, length=found["joint_unseen"].length)


def gallery(settings: MergingSettings) -> list[Item]:
    """The questions that are shown: sums that only the reasoning model has met first."""
    found = []
    for kind, count in GALLERY:
        drawn = draw_items(LOOKUPS if kind == "sees" else STEPS[1], settings.shown + count, subset="test", seed=settings.seed,
                           seen=None if kind == "sees" else kind == "seen", noise=settings.noise)
        found += drawn[settings.shown:]
    return found


def asked_of(item: Item) -> Question:
    kind = "sees" if item.is_lookup else "seen" if item.is_seen else "unseen"
    return Question(jpeg=encode_jpeg(picture(item.scene, SHOWN_PX)), question=in_words(item), right=" ".join(item.answer), kind=kind)


def in_words(item: Item) -> str:
    """A question as a person asks it."""
    said = {"L": "Which digit is on the left?", "R": "Which digit is on the right?", "CL": "Which colour has the left digit?",
            "CR": "Which colour has the right digit?", "T": "Which digits are there?"}
    signs = {"+": "+", "-": "\N{MINUS SIGN}", "*": "\N{MULTIPLICATION SIGN}"}
    return said.get(item.asked) or f"Left {signs[item.asked]} right, modulo 10?"


def _told(asked: Sequence[Question], items: Sequence[Item], said: Sequence[Said], name: str) -> tuple[Question, ...]:
    """The gallery with one model's answers more."""
    by = {"behind": "reasoner"}.get(name, name)
    new = [Answer(by=by, says=" ".join(one.words), is_right=one.is_right(item)) for item, one in zip(items, said, strict=True)]
    return tuple(question.model_copy(update={"answers": (*question.answers, answer)})
                 for question, answer in zip(asked, new, strict=True))


def grid(settings: MergingSettings, family: Family) -> Iterator[Progress | Grid]:
    """Yield the map of weights, filled pair by pair, row by row; then the paper's line across it."""
    weights = np.linspace(0, settings.grid_most, settings.grid)
    empty = np.full((settings.grid, settings.grid), np.nan)
    found = Grid(weights=weights, sees=empty, unseen=empty.copy(), count=settings.num_questions)
    own = settings if settings.needs_base else settings.model_copy(update={"method": "task_arithmetic"})
    mix = own.mix(family.num_layers)
    pairs = [(row, column) for row in range(settings.grid) for column in range(settings.grid)]
    line = tuple(float(at) for at in np.linspace(0, 1, 6).round(3))
    for done, (row, column) in enumerate(pairs):
        skills = skills_of(family.merged(replace(mix, vlm=float(weights[row]), reason=float(weights[column]))), settings)
        sees, unseen = found.sees.copy(), found.unseen.copy()
        sees[row, column], unseen[row, column] = skills.sees, skills.unseen
        found = found.model_copy(update={"sees": sees, "unseen": unseen})
        yield found
        stage = f"Tried {weights[row]:.2f} of seeing, {weights[column]:.2f} of reasoning"
        yield Progress((done + 1) / (len(pairs) + len(line)), stage)
    for done, at in enumerate(line):
        skills = skills_of(family.merged(replace(mix, vlm=at, reason=1 - at)), settings)
        found = found.model_copy(update={"convex": (*found.convex, Tried(at=at, skills=skills))})
        yield found
        yield Progress((len(pairs) + done + 1) / (len(pairs) + len(line)), f"Tried weights that sum to 1: {at:.1f} of seeing")


def keep(settings: MergingSettings, family: Family, inputs: Inputs) -> tuple[str, ...]:
    """Keep the child that is set as a rung of the session; return its name."""
    if inputs.makes is None:
        return ()
    mix = settings.mix(family.num_layers)
    inputs.makes.put(settings.child, lambda folder: _write(folder, family, mix))
    return (settings.child,)


def _write(folder: Path, family: Family, mix: Mix) -> None:
    child = family.merged(mix)
    child.save_pretrained(folder)
    family.processor.save_pretrained(folder)
    said = {"role": "vlm", "title": f"Child, {mix.method.replace('_', ' ')}", "loader": "vlm", "architecture": type(child).__name__,
            "licence": "apache-2.0", "parameters": sum(weight.numel() for weight in child.parameters()), "quantisations": ["none"],
            "made_for": ["merging"], "order": 0, "note": "Merged here from the miniature's parents."}
    declare(folder, said)
