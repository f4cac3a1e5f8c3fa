"""Every decoder that has a name, with its complete definition: score, bias, gate, weight, and how its masked prompt is found.

The page, a file of prompts, the counts on a corpus, the benchmarks and the Gradio front all read this table, so that a name
means one thing. What a paper names is as the paper has it; what the paper leaves open and what is Orrery's own says so in
`source`. Three decoders follow the knobs of the page, in this part only: `coda` in everything, `cad` in its weight and, as CD,
in where the masked prompt comes from. `of` makes these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from backends.coda.choices import PAPER, Contrast, Detector, Layers, MaskMode, Unit

Score = Literal["greedy", "sample", "coda", "cad", "cd", "vcd", "dola"]
CONTRASTS = ("coda", "cad", "cd", "vcd")  # scores that read a masked prompt
FORMULAS: Mapping[Score, str] = {
    "greedy": "log p(y|X)", "sample": "drawn from p(y|X)", "coda": "log p(y|X) - log p(y|X'), or - b where y escapes",
    "cad": "(1 + a) log p(y|X) - a log p(y|X')", "cd": "log p(y|X) - log p(y|X') on p(y|X) ≥ 0.1 max",
    "vcd": "(1 + a) log p(y|X) - a log p(y|X') on p(y|X) ≥ 0.1 max", "dola": "log q(last layer) - log q(early layer)"}


@dataclass(frozen=True)
class Finding:
    """Where the masked prompt X' comes from."""

    detector: Detector
    unit: Unit = "word"
    tau: float = 0.0  # of lift; nats
    mode: Literal["auto"] | MaskMode = "auto"  # auto: replaced in a miniature, deleted elsewhere
    skips_stop_words: bool = False


@dataclass(frozen=True)
class Variant:
    """One decoder, whole. `finding` is None where no masked prompt is read."""

    name: str
    title: str
    score: Score
    source: str
    contrast: Contrast = PAPER
    finding: Finding | None = None
    temperature: float = 0.0
    layers: Layers = "high"  # of DoLa

    @property
    def is_contrast(self) -> bool:
        return self.score in CONTRASTS


CODA, CAD, CD, DOLA = "arXiv 2502.16143", "arXiv 2305.14739", "arXiv 2210.15097", "arXiv 2309.03883"
FLOOR = Contrast(escape_bias="floor")
GATED, FLOOR_GATED = Contrast(gate=True), Contrast(escape_bias="floor", gate=True)
HALF, ONE = Contrast(weight=0.5), Contrast(weight=1.0)
# Table 8 and Sec. 6.1: every single input token in order, the first positive indicator; how a token is masked is not said
PAPER_FINDING = Finding("indicator_first", unit="token")
TOLD, LIFT = Finding("manual"), Finding("lift", tau=0.1)

_OURS = "ours"
TABLE = (
    Variant("greedy", "Greedy", "greedy", "the model alone"),
    Variant("coda_paper", "CoDA, as in the paper", "coda", f"{CODA}, eq. 7 to 12, A.4.1: its alpha, bias, detector and tokens",
            PAPER, PAPER_FINDING),
    Variant("coda_paper_told", "CoDA's formula, word told", "coda", f"{CODA}, eq. 10 to 12; the word is told", PAPER, TOLD),
    Variant("coda_gate_told", "CoDA's formula + gate, word told", "coda", f"{CODA}, eq. 10 to 12; the gate is ours", GATED, TOLD),
    Variant("coda_floor_told", "CoDA + floor, word told", "coda", f"{CODA}, eq. 10 to 12; the floor is ours", FLOOR, TOLD),
    Variant("coda_floor_gate_told", "CoDA + floor + gate, word told", "coda", f"{CODA}, eq. 10 to 12; floor and gate are ours",
            FLOOR_GATED, TOLD),
    Variant("cad_half_told", "CAD a = 0.5, word told", "cad", f"{CAD}; X' without the told word is ours", HALF, TOLD),
    Variant("cad_one_told", "CAD a = 1, word told", "cad", f"{CAD}; X' without the told word is ours", ONE, TOLD),
    Variant("cd_told", "CD, word told", "cd", f"{CD}, its plausible set; the masked prompt as the amateur is ours", PAPER, TOLD),
    Variant("coda_lift", "CoDA's formula, found by lift", "coda", f"{CODA}, eq. 10 to 12; lift is ours", PAPER, LIFT),
    Variant("coda_floor_lift", "CoDA + floor, found by lift", "coda", f"{CODA}, eq. 10 to 12; floor and lift are ours", FLOOR, LIFT),
    Variant("coda_floor_gate_lift", "CoDA + floor + gate, found by lift", "coda", f"{CODA}, eq. 10 to 12; the rest is ours",
            FLOOR_GATED, LIFT),
    Variant("cad_half_lift", "CAD a = 0.5, found by lift > 0", "cad", f"{CAD}; lift is ours", HALF, Finding("lift")),
    Variant("cad_half_guess", "CAD a = 0.5, largest lift", "cad", f"{CAD}; the guess is ours", HALF, Finding("lift_argmax")),
    Variant("cad_half_compare", "CAD a = 0.5, comparison prompt", "cad", f"{CAD}, with a second prompt by hand as X'", HALF,
            Finding("compare")),
    Variant("coda_paper_compare", "CoDA's formula, comparison prompt", "coda", f"{CODA}, eq. 10 to 12, with a second prompt by hand",
            PAPER, Finding("compare")),
    Variant("cad_half_random", "CAD a = 0.5, random word", "cad", f"{CAD}; a content word at random: the baseline", HALF,
            Finding("random")),
    Variant("cad_one_random", "CAD a = 1, random word", "cad", f"{CAD}; a content word at random: the baseline", ONE,
            Finding("random")),
    Variant("dola", "DoLa", "dola", f"{DOLA}, upper layers as in {CODA} A.4.5"),
)
VARIANTS: Mapping[str, Variant] = {variant.name: variant for variant in TABLE}
# what a person may ask for by name, in the order of the page
METHODS = ("greedy", "sample", "coda", "coda_paper", "cad", "cad_random", "cd", "dola")


def of(name: str, contrast: Contrast, finding: Finding, *, temperature: float = 0.0, layers: Layers = "high") -> Variant:
    """Return the decoder of that name where some knobs are turned.

    Args:
        contrast: of `coda`; the others take its weight, and neither gate nor plausible set.
        finding: where `coda`, `cad` and `cd` have their masked prompt from.
        temperature: of all but greedy decoding; 0 takes the largest score.
    """
    weight = replace(PAPER, weight=contrast.weight)
    marks = " + ".join(["", *(["floor"] if contrast.escape_bias == "floor" else []), *(["gate"] if contrast.gate else [])])
    made = {
        "sample": Variant(name, f"Sampling (T = {temperature:g})", "sample", "the model alone"),
        "coda": Variant(name, f"CoDA{marks}", "coda", f"{CODA}, eq. 10 to 12, with the page's knobs: {_OURS}", contrast, finding),
        "cad": Variant(name, f"CAD (a = {contrast.weight:g})", "cad", f"{CAD}: no gate; where X' comes from is {_OURS}",
                       weight, finding),
        "cad_random": Variant(name, f"CAD, random word (a = {contrast.weight:g})", "cad",
                              f"{CAD}; a content word at random: the baseline, {_OURS}", weight, Finding("random")),
        "cd": Variant(name, "CD", "cd", f"{CD}: no gate; the masked prompt as the amateur is {_OURS}", weight, finding),
    }
    variant = made.get(name) or VARIANTS[name]
    if variant.finding is not None and variant.finding.mode == "auto":
        variant = replace(variant, finding=replace(variant.finding, mode=finding.mode))
    return replace(variant, temperature=0.0 if name == "greedy" else temperature, layers=layers)
