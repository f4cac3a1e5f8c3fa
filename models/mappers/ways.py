"""The configurations of MindCube that the miniature is trained in: what it is given beside the views, and what it is to write.

Of the ten (arXiv 2506.21458, table 2) six are here. Maps are plain ones: things, without the cameras.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """A configuration.

    Attributes:
        key: its name here.    title: for people.
        paper: the paper's name; where a map is given the paper's is augmented by cameras, this one is not.
        has_map: the true map stands in the prompt.
        writes_map: a map is to be written first.
        thinks: headings and directions are to be written before the answer.
    """

    key: str
    title: str
    paper: str
    has_map: bool = False
    writes_map: bool = False
    thinks: bool = False


WAYS: Mapping[str, Way] = {way.key: way for way in (
    Way("raw", "answer at once", "Raw-QA"),
    Way("map", "map, then answer", "Plain-CGMap-Out", writes_map=True),
    Way("reason", "reason, then answer", "FFR", thinks=True),
    Way("map_reason", "map, then reason", "Plain-CGMap-FFR-Out", writes_map=True, thinks=True),
    Way("map_in", "map given, answer at once", "Aug-CGMap-In", has_map=True),
    Way("map_in_reason", "map given, then reason", "CGMap-In-FFR-Out", has_map=True, thinks=True),
)}
MISSING: Mapping[str, str] = {  # the paper's other configurations, and why the miniature lacks them
    "VI-1": "it knows a few fixed viewpoints, none between two of them",
    "VI-2": "it knows a few fixed viewpoints, none between two of them",
    "Aug-CGMap-Out": "it writes no cameras into its maps",
    "Aug-CGMap-FFR-Out": "it writes no cameras into its maps",
}
