"""Name and colour of what a merge is looked at by: skills, models, verdicts; once for every chart, list and table.

One meaning per colour: a skill's colour is that skill, a model's is that model; green and orange-red of answers are verdicts.
"""

from collections.abc import Callable

from backends.merging.results import Skills
from backends.merging.settings import METHOD_NAMES, MergingSettings
from visualizers.theme import RIGHT_COLOUR, VISITED_COLOUR

CHANCE = 0.1  # of a result modulo 10 that is guessed
PAPER_SHARE = 0.9
SKILL_NAMES: dict[str, str] = {  # known: to the vision-language model; of new ones only the reasoning model has heard
    "sees": "sees", "seen": "known sums", "unseen": "new sums", "reckons": "new sums, as text"}
SKILL_COLOURS: dict[str, str] = {"sees": "#56B4E9", "seen": "#0072B2", "unseen": "#D55E00", "reckons": "#CC79A7"}
SKILLS: dict[str, Callable[[Skills], float]] = {
    "sees": lambda skills: skills.sees, "seen": lambda skills: skills.seen, "unseen": lambda skills: skills.unseen,
    "reckons": lambda skills: skills.reckons}
MODEL_NAMES: dict[str, str] = {
    "vlm": "the vision-language model", "reasoner": "the reasoning model behind its eyes", "child": "the child"}
MODEL_SHORT: dict[str, str] = {"vlm": "seeing model", "reasoner": "reasoning model", "child": "child"}
MODEL_COLOURS: dict[str, str] = {"vlm": "#8C6BB1", "reasoner": "#A6761D", "child": "#2F7F86"}
PART_NAMES: dict[str, str] = {"attention": "attention", "mlp": "MLP", "norm": "norms", "": "whole layer"}
PART_MARKS: dict[str, str] = {"attention": "circle", "mlp": "square", "norm": "diamond", "": "circle"}
WRONG_COLOUR, REFUSED_COLOUR = "#C43A5B", "#C43A5B"
KEPT_COLOUR = VISITED_COLOUR
FINDINGS: dict[str, str] = {"fits": RIGHT_COLOUR, "warns": "#E69F00", "refuses": REFUSED_COLOUR}


def turned(settings: MergingSettings) -> str:
    """What the curve goes along: the share, or the weight of reasoning."""
    return "weight of reasoning" if settings.needs_base else "share of the seeing model, λ"


def set_at(settings: MergingSettings) -> float | None:
    """The place on the curve that is set; None where a gradient says one for each layer."""
    if settings.gradient:
        return None
    return settings.reason_weight if settings.needs_base else settings.share


def method_name(settings: MergingSettings) -> str:
    """The method with what is set of it."""
    name = METHOD_NAMES[settings.method]
    if settings.gradient:
        return f"{name}, along the depth"
    if settings.needs_base:
        return f"{name}, {settings.vlm_weight:g} of seeing and {settings.reason_weight:g} of reasoning"
    return f"{name}, a share of {settings.share:g}"


def verdict(is_right: bool | None) -> str:
    """correct or wrong; nothing where it is not known."""
    return "" if is_right is None else "correct" if is_right else "wrong"
