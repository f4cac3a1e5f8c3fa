"""Numbers of the paper and of those that follow it, in per cent: "Bring Reason to Vision", arXiv 2505.05464 (ICML 2025).

Nobody here could read the tables in the paper itself. `source` says where each row was read, and `mark` how far that is from it:
    P  in the paper's own abstract and introduction
    C  in the released code, as numbers in its comments
    A  given by the authors in their repository (issue 2)
    S  transcribed by others: a project that made the numbers again, or a study that quotes them. Not compared with the paper.
All of them were made with a language model that read the answers out of the replies. Nothing here was corrected.
"""

from dataclasses import dataclass
from typing import Literal

from backends.merging.question_rows import VERSIONS

SOURCE = "arXiv 2505.05464"
Mark = Literal["P", "C", "A", "S"]
MARKS: dict[Mark, str] = {"P": "read in the paper", "C": "read in the released code", "A": "given by the authors in their repository",
                          "S": "transcribed by others"}
COLUMNS = ("MathVista all", "MathVista General", "MathVista Math", "MathVerse all", *(f"MathVerse {name}" for name in VERSIONS),
           "MMStar all", "MMStar math", "DynaMath", "MathVision")
QUESTIONS: dict[str, int] = {  # behind each column; of MathVerse 788 in each version
    "MathVista all": 1_000, "MathVista General": 460, "MathVista Math": 540, "MathVerse all": 3_940,
    **{f"MathVerse {name}": 788 for name in VERSIONS}, "MMStar all": 1_500, "MMStar math": 250, "DynaMath": 5_010, "MathVision": 304}
LAMBDA = 0.9  # share of the vision-language model; chosen from 0.8, 0.85 and 0.9 on MathVista with Dart-Prop, then kept


@dataclass(frozen=True)
class Row:
    """A vision-language model, alone or merged with a reasoning model; scores by COLUMNS, None where nobody gives one."""

    model: str
    merged: str
    scores: tuple[float | None, ...]
    mark: Mark
    source: str

    def score(self, column: str) -> float | None:
        return self.scores[COLUMNS.index(column)]


@dataclass(frozen=True)
class Part:
    """A few numbers of one model and one way of merging, by the names of their columns."""

    model: str
    merged: str
    method: str
    scores: dict[str, float]
    mark: Mark
    source: str


LLAVA, IDEFICS, QWEN = "LLaVA-NeXT-LLaMA3-8B", "Idefics2-8B", "Qwen2-VL-7B-Instruct"
_AGAIN = "a project that made the numbers again"
_FOLLOWS = "a later study"
_ISSUE = "issue 2 of the authors' repository"

# Table A: alone, and merged linearly with a share of 0.9
MAIN = (
    Row(LLAVA, "", (37.4, 51.7, 25.4, 20.1, 25.9, 20.8, 21.1, 16.5, 16.0, 43.8, 30.0, 22.7, 13.8), "S", _AGAIN),
    Row(LLAVA, "Dart-Prop", (38.0, 48.7, 28.9, 23.7, 30.7, 24.8, 25.5, 19.8, 17.4, 43.6, 33.6, 24.5, 14.8), "S", _AGAIN),
    Row(IDEFICS, "", (51.8, 57.0, 47.4, 19.4, 24.4, 21.3, 20.7, 19.7, 11.0, 49.5, 39.6, 21.8, 17.1), "S", _AGAIN),
    Row(IDEFICS, "MAmmoTH-1", (53.0, 58.5, 48.3, 20.4, 26.0, 22.5, 21.3, 19.8, 12.1, 48.3, 40.8, 23.2, 16.8), "S", _AGAIN),
    Row(QWEN, "", (61.2, 69.6, 54.1, 31.8, 35.9, 31.4, 31.5, 33.1, 26.9, 59.9, 59.2, 34.4, 21.1), "A", _ISSUE),
    Row(QWEN, "Qwen2-Math-7B", (60.2, 68.0, 53.5, 31.9, 37.1, 31.7, 31.5, 32.5, 26.7, 59.5, 58.4, 35.0, 21.7), "A", _ISSUE),
)

# Table B: parts of rows that a later study quotes; the models alone stand in table A
QUOTED = (
    Part(LLAVA, "Dart-Uniform", "linear", {"MathVista all": 38.2, "MathVision": 15.8, "MathVerse V-O": 17.4}, "S", _FOLLOWS),
    Part(IDEFICS, "MetaMath", "linear", {"MathVista all": 53.2, "MathVision": 11.8, "MathVerse V-O": 12.4}, "S", _FOLLOWS),
)

# Table C: other methods, LLaVA-NeXT with Dart-Prop
_SCRIPT = "comments of example_detailed.sh"
METHODS = (
    Part(LLAVA, "Dart-Prop", "TIES (alpha 1.6, alpha2 0.2, density 0.2)",
         {"MathVista all": 37.1, "MathVision": 14.47, "MathVerse T-D": 31.35}, "C", _SCRIPT),
    Part(LLAVA, "Dart-Prop", "linear from layer 6 on (layerswap, alpha 0.9, base_layer_num 5)",
         {"MathVista all": 37.9, "MathVision": 15.13, "MathVerse T-D": 29.57}, "C", _SCRIPT),
)

# Table D: where every method loses; of MathVerse one number, and nothing says of which versions
FAILS_VLM, FAILS_REASONER = "Qwen2.5-VL-7B", "DeepSeek-R1-Distill-Qwen-7B"
FAILS = tuple(
    Part(FAILS_VLM, FAILS_REASONER if method else "", method, {"MathVista": vista, "MathVision": vision, "MathVerse": verse}, "S",
         _FOLLOWS)
    for method, vista, vision, verse in (
        ("", 67.9, 25.0, 41.4), ("task arithmetic", 65.8, 22.7, 33.2), ("layer swap", 63.6, 22.9, 37.9), ("TIES", 63.6, 23.1, 39.5),
        ("DARE-TIES", 66.3, 23.6, 38.3), ("DARE-linear", 66.0, 22.3, 35.5)))


@dataclass(frozen=True)
class Again:
    """How far a project that made the numbers again is from the paper's row of a share of 0.9: mean of absolute differences.

    Attributes:
        at_09, at_08: with a share of 0.9, and of 0.8; MathVerse left out.
    """

    model: str
    at_09: float
    at_08: float
    mark: Mark = "S"
    source: str = _AGAIN


# Table E
MADE_AGAIN = (Again(LLAVA, 0.16, 1.17), Again(IDEFICS, 0.34, 1.14), Again(QWEN, 2.43, 11.79))
_VISTA = COLUMNS[:3]
OWN_AGAIN = tuple(
    Part(model, merged, "linear" if merged else "", dict(zip(_VISTA, scores)), "S", _AGAIN)
    for model, merged, scores in (
        (LLAVA, "", (37.8, 52.0, 25.7)), (LLAVA, "Dart-Prop", (38.0, 49.1, 28.5)), (IDEFICS, "", (52.1, 56.1, 48.7)),
        (IDEFICS, "MAmmoTH-1", (53.1, 58.5, 48.5)), ("LLaVA-1.5-7B", "", (24.1, 32.4, 17.0)),
        ("LLaVA-1.5-7B", "MetaMath-7B", (23.7, 30.0, 18.3))))

FINDINGS: tuple[tuple[Mark, str], ...] = (
    ("P", "Perception sits mainly in early layers and reasoning in the middle and late ones; after merging almost every layer takes "
          "part in reasoning."),
    ("S", "Mathematics and questions that are mostly text gain; general questions about pictures and charts stay, or lose a little."),
    ("S", "Qwen2-VL, which was trained on much mathematics already, does not gain."),
    ("S", "Flattening layers from about the fifth on hurts reasoning, flattening the first ones perception."),
    ("S", "The largest gains over all reasoning models: 3.6 points on MathVista's mathematics, about 6 on MathVerse's T-D."),
    ("S", "Linear merging is as good as the elaborate methods."),
    ("S", "Answers to questions that need reasoning get longer, of geometry by more than 250 %."),
)
REMARKS = (
    "Most of the changes are smaller than what chance gives so many questions: on MathVision 7.9 points, on MathVista 4.4, on "
    "MMStar's mathematics 8.8.",
    "The best share of each model is not reported: 0.9 was chosen once and kept.",
    "Numbers of DARE, of InternVL2-76B and of the curves over layers could not be found.",
)


def alone(row: Row | Part) -> Row | None:
    """Return the same model without a merge in the main table; None where it is not there, or the row is one itself."""
    return next((one for one in MAIN if row.merged and one.model == row.model and not one.merged), None)
