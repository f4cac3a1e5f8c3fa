"""What settings, formulas and pages share, apart from all of them: a page reads it without loading torch."""

from dataclasses import dataclass
from typing import Literal

EscapeBias = Literal["paper", "floor"]
Detector = Literal["lift", "lift_argmax", "indicator_first", "indicator_argmax", "indicator_argmin", "random", "oracle", "manual",
                   "suggested", "compare", "none"]
MaskMode = Literal["delete", "replace", "attend"]
Unit = Literal["token", "word"]
Layers = Literal["low", "high"]
Membership = Literal["both", "esc", "out"]  # in both plausible sets, escaping, or in neither
Kind = Literal["miniature", "real"]  # whole words are tokens, or anything else
MAX_CHARACTERS = 20_000  # of a prompt
MAX_CANDIDATES = 64  # of a prompt, that are masked in turn
MAX_PROMPTS = 16  # of one comparison
MAX_NEW_TOKENS = 256  # of an answer
MAX_ITEMS = 10_000  # of a file; a small model on a GPU answers about as many in an hour
MAX_ANSWERS = 100  # of one prompt of a file, right or wrong
TOLD = ("oracle", "manual")  # detectors that are told the word
_STOP_WORDS = """a an the this that these those of in on at to from by for with as and or but if than then so is are was were be
been being am do does did has have had will would can could shall should may might must it its he she they them his her their
we us our you your i me my there here which who whom whose what when where why how"""
STOP_WORDS = frozenset(_STOP_WORDS.split())  # no negation among them: it is a condition like any other, and the paper masks it


@dataclass(frozen=True)
class Contrast:
    """What the formulas leave open."""

    alpha: float = 0.01  # a token is plausible from alpha times the largest probability; the paper's only parameter
    escape_bias: EscapeBias = "paper"
    gate: bool = False  # contrast only where the masked prompt likes the greedy token even more; not in the paper
    weight: float = 0.5  # a of CAD and VCD: s = (1 + a) l - a l'
    head: float = 0.1  # plausible set of CD and beta of VCD, from their papers

    def __post_init__(self) -> None:
        for name in ("alpha", "head"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be above 0 and at most 1")
        if self.weight < 0:
            raise ValueError(f"weight is {self.weight!r}; it must be 0 (off) or more")


PAPER = Contrast()  # arXiv 2502.16143: alpha 0.01, its own b, no gate
