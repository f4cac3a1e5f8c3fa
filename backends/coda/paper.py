"""The paper's numbers as data, unchanged: what a page puts beside ours (arXiv 2502.16143v1).

All in per cent unless a name has a unit. "Fig." sources were read off vector figures and are right to about half a point.
None means a dash. `INCONSISTENCIES` names where the paper contradicts itself; nothing here was corrected.
"""

from dataclasses import dataclass
from math import log10

VALUES = (2, 5, 10, 25, 50, 100)
TASKS = ("MemoTrap proverb", "MemoTrap translate", "MemoTrap hate", "MemoTrap science", "NQ-Swap", "time", "synthetic")
ALPHA = 0.01  # Sec. 6.1, CoDA's only parameter
TEMPERATURE = 0.6  # A.4.5

Scores = tuple[float | None, ...]


@dataclass(frozen=True)
class FittedLine:
    """A line of R on log10 of the factor, from the drawn line's ends."""

    factor: str  # P, L or S
    model: str
    slope: float  # points per decade
    at_two: float | None  # R at factor 2
    constant: float  # where R would be 0; in parameters for S
    source: str = "Fig. 2"

    @property
    def intercept(self) -> float:
        """R at factor 1, from slope and R at 2 where that is given: the constants are rounded hard."""
        return -self.slope * log10(self.constant) if self.at_two is None else self.at_two - self.slope * log10(2)


@dataclass(frozen=True)
class Series:
    """R or exact match at `values`."""

    what: str
    model: str
    factor: str
    r: tuple[float, ...]
    source: str
    values: tuple[float, ...] = VALUES


@dataclass(frozen=True)
class DecoderRow:
    """Exact match per task, in the order of TASKS."""

    model: str
    method: str
    scores: Scores
    source: str = "Table 3"


@dataclass(frozen=True)
class MaskingRow:
    """Exact match by how maskable parts are chosen: the first six of TASKS."""

    candidates: str
    scores: Scores
    model: str = "Llama-2-7b-chat"
    source: str = "Table 6"


@dataclass(frozen=True)
class SideEffectRow:
    """LLaMA-2-7B with ordinary tasks."""

    task: str
    greedy: float
    coda: float
    source: str = "Table 7"


@dataclass(frozen=True)
class AlarmRow:
    """Accuracy of predicting hallucinations per task, in the order of TASKS."""

    model: str
    method: str
    scores: Scores
    source: str = "Table 8"


LINES = (
    FittedLine("P", "Llama-7B", 13.8, 37.4, 0.004),
    FittedLine("P", "Phi-2.8B", 16.7, 24.6, 0.07),
    FittedLine("P", "Pythia-160M", 9.0, 18.7, 0.02),
    FittedLine("L", "Llama-7B", 17.2, 37.4, 0.013),
    FittedLine("L", "Phi-2.8B", 11.5, 27.4, 0.008),
    FittedLine("L", "Pythia-160M", 7.1, 21.3, 0.002),
    FittedLine("S", "all", 11.6, None, 3.6e6),
)

POINTS = (
    Series("R", "Llama-7B", "P", (38, 44, 46, 49, 58, 62), "Fig. 2"),
    Series("R", "Phi-2.8B", "P", (24, 33, 38, 40, 45, 56), "Fig. 2"),
    Series("R", "Pythia-160M", "P", (19, 23, 24, 27, 29, 36), "Fig. 2"),
    Series("R", "Llama-7B", "L", (39, 44, 47, 55, 62, 67), "Fig. 2"),
    Series("R", "Phi-2.8B", "L", (26, 34, 36, 37, 44, 48), "Fig. 2"),
    Series("R", "Pythia-160M", "L", (23, 25, 25, 28, 32, 34), "Fig. 2"),
    Series(
        "R", "all", "S", (24, 22, 27, 26, 30, 33, 35, 41, 43, 41), "Fig. 2",
        (160e6, 410e6, 1e9, 1.4e9, 2.8e9, 2.8e9, 6e9, 7e9, 7e9, 13e9),
    ),
    Series("R, fine-tuned on time", "Llama-7B", "P", (23, 32, 41, 45, 63, 62), "Fig. 3"),
    Series("R, fine-tuned on conflict", "Llama-7B", "P", (41, 42, 52, 63, 66, 71), "Fig. 3"),
    Series("R, fine-tuned on logic", "Llama-7B", "P", (43, 57, 74, 78, 81, 92), "Fig. 3"),
    Series("exact match of CoDA, synthetic", "not named", "P", (43.5, 64.2, 61.7, 57.2, 45.6, 35.8), "Fig. 5"),
    Series("exact match of CoDA, synthetic", "not named", "L", (68.2, 63.7, 58.8, 43.9, 36.9, 26.3), "Fig. 5"),
)

PREDICTION_ERRORS = {  # relative, eq. 5, Fig. 4
    "location": 8.5, "negation": 5.4, "maths": 7.0, "time": 9.9, "conflict": 6.5, "logic": 7.7, "fused 6B": 10.3, "fused 410M": 9.0,
}
PREDICTION_ERROR_MEAN = 8.0

_LLAMA, _MISTRAL = "Llama-2-7b-chat", "Mistral-7b"
DECODERS = (
    DecoderRow(_LLAMA, "greedy", (28.8, 47.5, 9.0, 33.4, 8.5, 41.4, 20.8)),
    DecoderRow(_LLAMA, "CoT", (30.1, 52.6, 13.0, 36.7, 19.2, 40.4, None)),
    DecoderRow(_LLAMA, "SR", (34.7, 51.8, 12.0, 35.8, 14.2, 42.5, 23.8)),
    DecoderRow(_LLAMA, "USC", (27.6, 52.4, 8.0, 32.9, 9.4, 40.2, 16.4)),
    DecoderRow(_LLAMA, "DoLa", (32.5, 50.9, 10.0, 33.0, 13.8, 53.6, 31.8)),
    DecoderRow(_LLAMA, "CoDA", (41.9, 56.2, 16.0, 38.9, 26.8, 65.0, 46.8)),
    DecoderRow(_MISTRAL, "greedy", (31.3, 49.4, 14.0, 36.7, 12.6, 39.5, 21.6)),
    DecoderRow(_MISTRAL, "CoT", (35.2, 52.7, 17.0, 39.0, 19.5, 37.0, None)),
    DecoderRow(_MISTRAL, "SR", (36.8, 54.6, 19.0, 38.2, 13.8, 42.4, 24.9)),
    DecoderRow(_MISTRAL, "USC", (32.6, 51.5, 15.0, 35.9, 11.4, 37.9, 20.8)),
    DecoderRow(_MISTRAL, "DoLa", (34.9, 53.5, 14.0, 38.4, 15.9, 51.0, 34.6)),
    DecoderRow(_MISTRAL, "CoDA", (42.5, 58.6, 22.0, 43.7, 27.7, 61.2, 49.5)),
)

MASKING = (
    MaskingRow("Flair", (40.4, 57.3, 18.0, 35.2, 25.9, 67.4)),
    MaskingRow("NLTK", (38.6, 55.2, 15.0, 36.7, 25.4, 63.7)),
    MaskingRow("SpaCy", (42.0, 56.4, 18.0, 37.5, 28.3, 66.2)),
    MaskingRow("StanfordNLP", (43.5, 57.8, 20.0, 36.4, 29.1, 64.6)),
    MaskingRow("one token at a time", (41.9, 56.2, 16.0, 38.9, 26.8, 65.0)),
)

SIDE_EFFECTS = (
    SideEffectRow("HellaSwag", 75.6, 73.8),
    SideEffectRow("ARC-C", 55.4, 56.5),
    SideEffectRow("NQ", 22.1, 24.3),
    SideEffectRow("TriviaQA", 56.0, 56.3),
    SideEffectRow("MMLU", 42.7, 41.2),
)

ALARMS = (
    AlarmRow(_LLAMA, "prompt", (5.3, 1.8, 0, 4.5, 3.8, 0.6, None)),
    AlarmRow(_LLAMA, "CoDA", (35.8, 31.2, 24.7, 19.6, 28.7, 40.4, 53.3)),
    AlarmRow(_MISTRAL, "prompt", (4.5, 2.7, 0, 2.2, 5.0, 2.2, None)),
    AlarmRow(_MISTRAL, "CoDA", (37.4, 32.8, 27.5, 18.1, 29.4, 42.5, 51.6)),
)

INCONSISTENCIES = (
    "Table 1 says 1.96 M synthetic tokens, Section 4.2 says 19.6 M.",
    "Table 4 says 11,800 synthetic samples; 100 sets of P + 1 statements for six P are 19,800.",
    "Section 4.2 lists L = 1, Appendix A.2 and the figures begin at L = 2.",
    "Section 6.1 reads a positive indicator as overshadowed; A.4.1 reads high mutual information as overshadowed, which is "
    "an indicator near 0.",
    "Equation 11 needs a minimum over S, which may be empty; no value is given for it then.",
    "Table 3 on synthetic data and the exact matches of Figure 5 need one mix of P and L to agree, and none is given.",
    "CoDA's answer is an argmax in Equation 12 and sampled at temperature 0.6 in A.4.5.",
    "The abstract's gains (27.9, 13.1, 18.3) are the best cell of three columns, of two different models.",
)
