"""Names and bounds that the settings, the results and the pages of grafting share; nothing here needs torch."""

from typing import Literal

from models.diffusion.choices import ranked

Pattern = Literal["interleaved", "three quarters", "all", "deep", "top-local", "low-local", "by hand"]
Healing = Literal["none", "stage 1", "both stages"]
TuneLoss = Literal["diffusion", "activation", "both"]
StateName = Literal["original", "swapped", "stage 1", "stage 2"]
KindName = Literal["sunset", "tree", "house", "flower", "fish", "boat", "mountain", "mushroom", "night", "balloon"]

HEALINGS: dict[Healing, str] = {"none": "nothing", "stage 1": "stage 1: each part alone", "both stages": "both stages"}
BY_ATTENTION: tuple[Pattern, ...] = ("top-local", "low-local")  # patterns that the run finds out
KINDS: tuple[KindName, ...] = ("sunset", "tree", "house", "flower", "fish", "boat", "mountain", "mushroom", "night", "balloon")
SHOWN_FIRST: tuple[KindName, ...] = ("house", "sunset", "tree", "mountain", "mushroom", "boat", "flower", "balloon")
MAX_LAYERS, MAX_PICTURES, MAX_SAMPLE_STEPS, MAX_JUDGED = 64, 80, 250, 2_000
MAX_TOKENS = 16_384
CHECKED_OF_OWN = 8  # of so many pictures that a model painted to learn from, one more is painted to check on
MAX_SEEN_TOKENS = 65_536  # of one picture
MAX_WORDS, MAX_ASKED = 300, 4_000  # letters of what one picture shows, and of all together
MAP_SIDE = 16  # places in a row of an attention map; what has more is kept in squares
Source = Literal["drawn", "painted by itself"]  # the pictures that a model learns from
MAX_SAMPLES, SIDE_PX = 5_000, 32  # pictures that are brought to be judged, and their width and height
MAX_PARAMETERS = 150_000_000  # of a checkpoint that is brought
CHECKPOINT_MB, SAMPLES_MB = 600, 40  # the largest files
LEAST_JUDGED = 65  # pictures of which a covariance of 64 features can be taken
WATCHED_PICTURES, WATCHED_TOKENS = 40, 4_096  # that are painted while attention is watched (the paper: 250), and tokens of all
NEAR = 8  # of 64 tokens in rows of 8: one row, the counterpart of the paper's 32 of 256


def pictures_watched(tokens: int) -> int:
    """How many pictures of so many tokens each are painted while attention is watched."""
    return max(1, min(WATCHED_PICTURES, WATCHED_TOKENS // tokens))


def layers_of(pattern: Pattern, num_layers: int, shares: tuple[float, ...] = ()) -> tuple[int, ...]:
    """The layers of a pattern, counted from 0.

    Args:
        shares: of near attention by layer, for the two patterns that go by it.
    """
    half = num_layers // 2
    fixed: dict[str, tuple[int, ...]] = {
        "interleaved": tuple(range(1, num_layers, 2)),
        "three quarters": tuple(layer for layer in range(num_layers) if layer % 4),
        "all": tuple(range(num_layers)),
        "deep": tuple(range(num_layers - half, num_layers)),
    }
    if pattern in fixed:
        return fixed[pattern]
    return ranked(shares, half, is_local=pattern == "top-local")
