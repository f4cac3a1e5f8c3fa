"""Name and colour of MindCube's ways of answering, of the metrics and of verdicts, once for every chart, list and button."""

from backends.mindcube.settings import CONFIG_NAMES, Config, Way
from visualizers.text import said
from visualizers.theme import POPULAR_COLOUR, RIGHT_COLOUR

WAY_COLOURS: dict[Config, str] = {
    "Raw-QA": "#8A8F98", "Plain-CGMap-Out": "#0072B2", "FFR": "#CC79A7", "Plain-CGMap-FFR-Out": "#D55E00", "Aug-CGMap-In": "#56B4E9",
    "CGMap-In-FFR-Out": "#8C6BB1", "Aug-CGMap-Out": "#66C2A5", "Aug-CGMap-FFR-Out": "#A6761D", "VI-1": "#B4B9C2", "VI-2": "#626A75"}
LEARNED_AS: dict[Way, Config] = {  # what a small model learns -> the paper's configuration that it is
    "raw": "Raw-QA", "map": "Plain-CGMap-Out", "reason": "FFR", "map_reason": "Plain-CGMap-FFR-Out", "map_in": "Aug-CGMap-In",
    "map_in_reason": "CGMap-In-FFR-Out"}
WRONG_COLOUR = POPULAR_COLOUR  # of an answer, of a place on a map, of a relation
OFFICIAL_COLOUR, EXACT_COLOUR = "#E69F00", "#0072B2"  # the metrics, on charts where nothing is correct or wrong
STRANGE_COLOUR = "#999999"  # a configuration that a file names and that is none of the paper's


def way_colour(configuration: str) -> str:
    """The colour of a way of answering, by its name in the paper."""
    return {str(name): colour for name, colour in WAY_COLOURS.items()}.get(configuration, STRANGE_COLOUR)


def way_name(configuration: str, *, is_capital: bool = False) -> str:
    """What a way of answering is called, by its name in the paper: in words, or as a file calls it."""
    known = {str(name): words for name, words in CONFIG_NAMES.items()}
    words = known.get(configuration) or said(configuration or "way not known", 30)
    return words[0].upper() + words[1:] if is_capital else words


def learned_colour(way: str) -> str:
    """The colour of what a small model learns, a `Way`: that of the way of answering which it is."""
    return way_colour(_learned(way))


def learned_name(way: str) -> str:
    """The name of what a small model learns."""
    return way_name(_learned(way))


def _learned(way: str) -> str:
    return {str(learned): configuration for learned, configuration in LEARNED_AS.items()}[way]


def in_lines(words: str) -> str:
    """Two lines for a name that would be too long before a bar."""
    return words.replace(", ", ",<br>", 1) if len(words) > 18 else words


def verdict(is_right: bool | None) -> str:
    """correct or wrong; nothing where it is not known."""
    return "" if is_right is None else "correct" if is_right else "wrong"


def verdict_colour(is_right: bool | None) -> str:
    return WAY_COLOURS["Raw-QA"] if is_right is None else RIGHT_COLOUR if is_right else WRONG_COLOUR
