"""Names and bounds that the settings, the results and the pages of grafting share; nothing here needs torch."""

from typing import Literal

from models.diffusion.choices import ranked

Pattern = Literal["interleaved", "three quarters", "all", "deep", "top-local", "low-local", "by hand"]
Healing = Literal["none", "stage 1", "both stages"]
TuneLoss = Literal["diffusion", "activation", "both"]
StateName = Literal["original", "swapped", "stage 1", "stage 2"]
KindName = Literal["sunset", "tree", "house", "flower", "fish", "boat", "mountain", "mushroom", "night", "balloon"]

KINDS: tuple[KindName, ...] = ("sunset", "tree", "house", "flower", "fish", "boat", "mountain", "mushroom", "night", "balloon")
SHOWN_FIRST: tuple[KindName, ...] = ("house", "sunset", "tree", "mountain", "mushroom", "boat", "flower", "balloon")
MAX_LAYERS, MAX_PICTURES, MAX_SAMPLE_STEPS, MAX_JUDGED = 64, 40, 250, 2_000
MAX_TOKENS = 16_384
LEAST_JUDGED = 65  # pictures of which a covariance of 64 features can be taken
NEAR = 8  # of 64 tokens in rows of 8: one row, the counterpart of the paper's 32 of 256


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
