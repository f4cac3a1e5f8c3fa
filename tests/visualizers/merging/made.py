"""Results of merging made by hand: a curve with its gallery, a map of weights, layers looked into, folders, questions asked."""

import numpy as np

from backends.merging.mix import Part
from backends.merging.results import (
    Answer,
    Apart,
    Finding,
    Folders,
    Grid,
    Group,
    Looked,
    Looking,
    Merged,
    MergingResult,
    Probed,
    Question,
    Report,
    Row,
    Skills,
    Tried,
)
from backends.merging.settings import MergingSettings
from backends.statistics import wilson
from worlds.pictures import encode_jpeg
from worlds.sums.drawing import picture
from worlds.sums.scenes import Digit, Scene

LINEAR = MergingSettings(share=0.2)
ADDED = MergingSettings(method="task_arithmetic")
VLM = Skills(sees=1.0, seen=0.995, unseen=0.115, reckons=0.105, length=4.0)
BEHIND = Skills(sees=0.69, seen=0.4, unseen=0.445, reckons=1.0, length=3.6)
SHARES = {  # of the seeing model: sees, seen, unseen, reckons, tokens of an answer
    0.0: (0.69, 0.4, 0.445, 1.0, 3.6), 0.1: (0.78, 0.54, 0.555, 0.995, 3.7), 0.2: (0.87, 0.71, 0.665, 0.955, 3.85),
    0.3: (0.93, 0.845, 0.605, 0.805, 3.9), 0.5: (0.985, 0.965, 0.3, 0.32, 3.95), 0.9: (0.995, 1.0, 0.125, 0.115, 4.0),
    1.0: (1.0, 0.995, 0.115, 0.105, 4.0)}
WEIGHTS = {0.0: (1.0, 0.995, 0.115, 0.105, 4.0), 0.5: (0.99, 0.98, 0.52, 0.6, 4.0), 1.0: (0.975, 0.94, 0.895, 0.985, 4.0),
           1.5: (0.86, 0.7, 0.71, 1.0, 3.9)}
GRID_UNSEEN = [[0.1, 0.32, 0.44, 0.2], [0.11, 0.52, 0.78, 0.5], [0.12, 0.56, 0.9, 0.71], [0.11, 0.4, 0.8, 0.66]]
GRID_SEES = [[0.3, 0.4, 0.45, 0.2], [0.9, 0.93, 0.9, 0.6], [1.0, 0.99, 0.97, 0.86], [0.97, 0.96, 0.93, 0.8]]
MASKED = {("attention", 0): (0.96, 0.84), ("mlp", 0): (0.44, 0.46), ("attention", 1): (0.24, 0.08), ("mlp", 1): (0.0, 0.03),
          ("attention", 2): (0.0, 0.0), ("mlp", 2): (0.0, 0.0), ("attention", 3): (0.0, 0.0), ("mlp", 3): (0.0, 0.0)}
LAYERS = 4


def skills(numbers: tuple[float, ...]) -> Skills:
    sees, seen, unseen, reckons, length = numbers
    return Skills(sees=sees, seen=seen, unseen=unseen, reckons=reckons, length=length)


def question(first: int = 7, second: int = 3, *, right: str = "7 3 0", asked: str = "Left + right, modulo 10?", kind: str = "unseen",
             answers: tuple[Answer, ...] = ()) -> Question:
    scene = Scene(Digit(first, "red"), Digit(second, "blue"), seed=first)
    return Question(jpeg=encode_jpeg(picture(scene, 192)), question=asked, right=right, kind=kind, answers=answers)


def gallery(places: tuple[float, ...]) -> tuple[Question, ...]:
    """Three questions. The first is answered by children alone that hold a middling share, the last by all but the reasoner."""
    names = ["vlm", "reasoner", "child", *(f"child:{at:.3f}" for at in places)]
    is_good = {name: name == "child" or (name.startswith("child:") and 0.1 <= float(name[6:]) <= 1.0) for name in names}
    first = tuple(Answer(by=name, says="7 3 0" if is_good[name] else "7 3 4", is_right=is_good[name]) for name in names)
    second = tuple(Answer(by=name, says="9 1 9", is_right=True) for name in names)
    last = tuple(Answer(by=name, says="green" if name != "reasoner" else "red", is_right=name != "reasoner") for name in names)
    return (question(answers=first), question(9, 1, right="9 1 9", asked="Left × right, modulo 10?", kind="seen", answers=second),
            question(4, 4, right="green", asked="Which colour has the left digit?", kind="sees", answers=last))


def moved(layers: int = LAYERS, *, has_base: bool = True) -> tuple[Apart, ...]:
    """The reasoning model goes further than the seeing one, nearly at right angles."""
    parts: tuple[Part, ...] = ("attention", "mlp", "norm")
    rows = [Apart(layer=layer, part=part, vlm=0.05 + 0.01 * layer / layers if has_base else None,
                  reasoner=0.1 + 0.04 * place if has_base else None, cosine=0.02 - 0.01 * place if has_base else None,
                  models=0.14 + 0.02 * place) for layer in range(layers) for place, part in enumerate(parts)]
    return (*rows, Apart(layer=None, part="norm", vlm=0.01 if has_base else None, reasoner=0.02 if has_base else None,
                         cosine=None, models=0.02))


def merged(settings: MergingSettings = LINEAR) -> Merged:
    """A whole curve; the child that is set is one of its points, or one beside them."""
    along = WEIGHTS if settings.needs_base else SHARES
    own = settings.reason_weight if settings.needs_base else settings.share
    child = skills(along.get(own, (0.96, 0.91, 0.45, 0.5, 3.95)))
    points = () if settings.gradient else tuple(Tried(at=at, skills=skills(numbers)) for at, numbers in along.items())
    return Merged(vlm=VLM, behind=BEHIND, child=child, curve=points, gallery=gallery(tuple(one.at for one in points)), apart=moved(),
                  merged_tensors=37, kept_tensors=2, count=200, merge_s=0.011, try_s=0.4)


def grid(*, has_all: bool = True) -> Grid:
    sees, unseen = np.array(GRID_SEES), np.array(GRID_UNSEEN)
    if not has_all:
        sees[2:], unseen[2:] = np.nan, np.nan
    convex = tuple(Tried(at=at, skills=skills(SHARES[at])) for at in (0.0, 0.2, 0.5, 1.0)) if has_all else ()
    return Grid(weights=np.array([0.0, 0.5, 1.0, 1.5]), sees=sees, unseen=unseen, convex=convex, count=100)


def looked(of: str, layers: int = LAYERS) -> Looked:
    """The last word is said from the third layer on."""
    says = tuple(("7", "3", "0" if layer >= layers - 2 else "?") for layer in range(layers))
    sure = np.linspace(0.1, 0.99, layers * 3).reshape(layers, 3).astype(np.float32)
    gaze = np.tile(np.array([0.2, 0.05, 0.1, 0.01], np.float32), (layers, 1))
    return Looked(of=of, words=("7", "3", "0"), says=says, sure=sure, gaze=gaze, columns=2)


def looking(*, layers: int = LAYERS, has_inside: bool = True) -> Looking:
    """Layer 0 carries everything, the last one nothing."""
    child = skills(WEIGHTS[1.0])
    probes: list[Probed] = []
    for of, full, key in (("vlm", VLM, "seen"), ("child", child, "unseen")):
        for layer in range(layers):
            for part in ("attention", "mlp"):
                lost_sees, lost = MASKED[part, min(layer, LAYERS - 1)]
                left = full.model_copy(update={"sees": full.sees * (1 - lost_sees), key: getattr(full, key) * (1 - lost)})
                probes.append(Probed(kind="mask", of=of, layer=layer, end=layer + 1, part=part, skills=left))
    for layer, unseen in enumerate((0.2, 0.675, 0.8, 0.89)[:layers]):
        probes.append(Probed(kind="reset", of="child", layer=layer, end=layer + 1, back_to="base",
                             skills=child.model_copy(update={"unseen": unseen})))
    for end, unseen in enumerate((0.34, 0.66, 0.88)[:layers - 1], start=1):
        probes.append(Probed(kind="graft", of="child", layer=0, end=end, skills=child.model_copy(update={"unseen": unseen})))
    for first, unseen in enumerate((0.22, 0.12, 0.115)[:layers - 1], start=1):
        probes.append(Probed(kind="graft", of="child", layer=first, end=layers, skills=child.model_copy(update={"unseen": unseen})))
    return Looking(vlm=VLM, child=child, num_layers=layers, probes=tuple(probes), count=200,
                   question=question() if has_inside else None,
                   looked=(looked("vlm", layers), looked("child", layers)) if has_inside else ())


def folders(*, refuses: bool = False) -> Folders:
    findings = [Finding(what="Names and shapes", found="291 tensors in 32 layers are in all models, equally shaped", verdict="fits"),
                Finding(what="Tokenizers", found="32,000 ids mean the same text, 64 another; first: 31,999 is '<image>' and '</s>'",
                        verdict="warns")]
    if refuses:
        findings.append(Finding(what="Room on the disk", found="15.0 GB are due and 2.1 GB are free", verdict="refuses"))
    rows = tuple(Apart(layer=layer, vlm=0.02 + 0.001 * layer, reasoner=0.03, cosine=0.2 - 0.004 * layer, models=0.05)
                 for layer in range(32))
    return Folders(findings=tuple(findings), peak_mb=420.0, output_mb=15_000.0, free_mb=2_100.0 if refuses else 61_000.0,
                   layout="language_model.model.", shards=4, merged_tensors=0 if refuses else 289, kept_tensors=408,
                   apart=() if refuses else rows, first_logit=None if refuses else 0.0, seconds=73.0,
                   record='{"method": "linear"}', yaml="merge_method: linear\n")


def report(model: str, correct: dict[str, int], *, length: float | None = 31.0) -> Report:
    """Forty questions that ask to see and sixty that ask to reason; each says how many are correct."""
    counts = {"all": 100, "perception": 40, "reasoning": 60}
    right = {"all": sum(correct.values()), **correct}
    groups = tuple(Group(kind="all" if name == "all" else "group", name=name, count=count, correct=wilson(right[name], count),
                         noise=1.96 * (0.25 / count)**0.5, length=None if length is None else length + 5 * place)
                   for place, (name, count) in enumerate(counts.items()))
    rows = tuple(Row(id=f"q{place}", group="perception" if place < 40 else "reasoning", question=f"What is <b>{place}</b>?",
                     right="4", reply=f"It is {4 if place < right['perception'] else 5}.",
                     found="4" if place < right["perception"] else "5", is_right=place < right["perception"], tokens=4,
                     picture=question().jpeg if place == 0 else None) for place in range(45))
    return Report(model=model, source="questions.jsonl", groups=groups, silent=3, repeats=1, rows=rows)


def reports() -> tuple[Report, ...]:
    return (report("merging-parents", {"perception": 38, "reasoning": 14}),
            report("made:merging-0a1b2c3d", {"perception": 36, "reasoning": 27}, length=44.0))


def result(part: Merged | Grid | Looking | Folders | tuple[Report, ...] | None = None, settings: MergingSettings | None = None
           ) -> MergingResult:
    """A run whose part this is; that of a merge as it opens, by default."""
    part = merged(settings or LINEAR) if part is None else part
    task = {Merged: "merge", Grid: "grid", Looking: "probe", Folders: "checkpoints", tuple: "ask"}[type(part)]
    asked = (settings or LINEAR).model_copy(update={"task": task})
    return MergingResult(
        seed=0, model_id=asked.model, is_miniature=True, settings=asked, merged=part if isinstance(part, Merged) else None,
        grid=part if isinstance(part, Grid) else None, looking=part if isinstance(part, Looking) else None,
        folders=part if isinstance(part, Folders) else None, reports=part if isinstance(part, tuple) else ())
