"""Graftings written by hand: small, and with every kind of part."""

import io

import numpy as np
from PIL import Image

from backends.grafting.choices import KINDS, SHOWN_FIRST
from backends.grafting.results import (
    Cost,
    Grafted,
    GraftingResult,
    Healed,
    Judgement,
    Locality,
    PairTiming,
    PathStep,
    Picked,
    Samples,
    Speed,
    State,
    Timing,
)
from backends.grafting.settings import GraftingSettings
from worlds.vignettes import vignette

STEPS = 3
MLPS = Cost(parameters=1_401_648, operator_parameters=296_832, mixing_flops=0, feature_flops=37_748_736)
WIDER = Cost(parameters=1_549_872, operator_parameters=445_056, mixing_flops=0, feature_flops=56_623_104)
ERRORS = {"original": 0.045, "swapped": 0.16, "stage 1": 0.064, "stage 2": 0.054}


def painted(number: int) -> np.ndarray:
    """(number, 32, 32, 3) uint8, the kinds in turn."""
    kinds = [KINDS.index(SHOWN_FIRST[index % len(SHOWN_FIRST)]) for index in range(number)]
    return np.stack([vignette(kind, 1_000_000 + index) for index, kind in enumerate(kinds)])


def sheet(pictures: np.ndarray) -> np.ndarray:
    """The JPEG of pictures in rows of eight, (bytes,) uint8."""
    number, side = len(pictures), pictures.shape[1]
    whole = np.zeros((-(-number // 8) * side, min(number, 8) * side, 3), np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, 8)
        whole[row * side:(row + 1) * side, column * side:(column + 1) * side] = picture
    content = io.BytesIO()
    Image.fromarray(whole).save(content, "JPEG", quality=90, subsampling=0)
    return np.frombuffer(content.getvalue(), np.uint8)


def state(name: str, number: int = 8, *, judged: int = 0, **changed: object) -> State:
    """A state whose pictures are noisier the more is broken."""
    clean = painted(number).astype(float)
    noise = np.random.default_rng(0).normal(0, 60, clean.shape)

    def noisy(share: float) -> np.ndarray:
        return (clean + share * noise).clip(0, 255).astype(np.uint8)

    final = {"original": 0.0, "swapped": 1.0, "stage 1": 0.3, "stage 2": 0.1}[name]
    path = tuple(PathStep(time=999 - 333 * step, clean_jpeg=sheet(noisy(final + (STEPS - step) / STEPS))) for step in range(STEPS))
    judgement = Judgement(number=judged, accuracy=0.98, proxy_fd=None if judged < 65 else 5.2, floor=None if judged < 65 else 0.5,
                          sampler="ddim", steps=20, guidance=1.0) if judged else None
    said: dict[str, object] = {"name": name, "pictures": noisy(final), "path": path, "held_out": ERRORS[name], "judgement": judgement,
                               "seconds": 12.5}
    return State(**(said | changed))


def grafted(*names: str, operator: str = "hyena-x", layers: tuple[int, ...] = (1, 3, 5, 7), num_layers: int = 8, judged: int = 0,
            number: int = 8, **changed: object) -> Grafted:
    """A grafting that came to these states; to all four by default."""
    names = names or tuple(ERRORS)
    healed = tuple(Healed(layer=layer, steps=(0, 25, 50), errors=(1.0, 0.4, 0.1 + 0.02 * layer)) for layer in layers)
    said: dict[str, object] = {
        "operator": operator, "layers": layers, "num_layers": num_layers,
        "kinds": tuple(SHOWN_FIRST[index % len(SHOWN_FIRST)] for index in range(number)),
        "states": tuple(state(name, number, judged=judged) for name in names), "loss": "l1",
        "healed": healed if "stage 1" in names else (), "tuned_steps": (10, 20, 30) if "stage 2" in names else (),
        "tuned_errors": (0.08, 0.07, 0.065) if "stage 2" in names else (),
        "before": Cost(parameters=1_401_648, operator_parameters=148_992, mixing_flops=6_291_456, feature_flops=18_874_368),
        "after": Cost(parameters=1_407_408, operator_parameters=154_752, mixing_flops=49_152, feature_flops=19_464_192)}
    return Grafted(**(said | changed))


def samples(number: int = 70, name: str = "own.npz") -> Samples:
    """Pictures of somebody's own, judged."""
    return Samples(name=name, pictures=painted(4), number=number, accuracy=0.9, proxy_fd=3.4, floor=2.1)


def locality(num_layers: int = 8, heads: int = 6, side: int = 8) -> Locality:
    """Random attention; layer 3 looks farthest and layer 6 nearest."""
    drawn, tokens = np.random.default_rng(1), side * side
    head_shares = drawn.uniform(0.3, 0.7, (num_layers, heads)).astype(np.float32)
    head_shares[3 % num_layers], head_shares[6 % num_layers] = 0.26, 0.72
    shares = head_shares.mean(1)
    maps = drawn.integers(0, 255, (2, num_layers, heads, tokens, tokens), dtype=np.uint8)
    maps[..., range(tokens), range(tokens)] = 255
    return Locality(near=8, side=side, shares=shares, head_shares=head_shares, grid_shares=shares * 0.5, even=0.248, even_grid=0.118,
                    times=(999, 52), maps=maps, picked=(
                        Picked(pattern="interleaved", layers=(1, 3, 5, 7)), Picked(pattern="deep", layers=(4, 5, 6, 7)),
                        Picked(pattern="top-local", layers=(1, 4, 5, 6)), Picked(pattern="low-local", layers=(0, 2, 3, 7))))


TIMES = {  # milliseconds at 64, 256, 1024 and 4096 tokens
    "mha": (0.105, 0.562, 6.05, 89.2), "hyena-x": (0.112, 0.281, 1.09, 4.54), "hyena-y": (0.100, 0.246, 0.888, 3.69),
    "hyena-se": (0.142, 0.398, 1.42, 6.10), "swa": (0.176, 0.448, 1.55, 6.35), "mamba-2": (0.553, 1.80, 7.30, 32.9),
    "linear": (0.114, 0.296, 1.03, 4.15)}


def pairs(**changed: object) -> Grafted:
    """All blocks of the miniature side by side, healed in both stages."""
    healed = tuple(Healed(layer=first, steps=(0, 25, 50), errors=(0.48, 0.1, 0.01 + 0.01 * first)) for first in (0, 2, 4, 6))
    said: dict[str, object] = {
        "operator": "pairs", "layers": tuple(range(8)), "healed": healed,
        "before": Cost(parameters=1_401_648, operator_parameters=1_338_624, mixing_flops=12_582_912, feature_flops=114_130_944),
        "after": Cost(parameters=1_475_760, operator_parameters=1_412_736, mixing_flops=12_582_912, feature_flops=123_568_128)}
    return grafted(**(said | changed))


def speed(times: dict[str, tuple[float, ...]] | None = None, *, threads: int = 1, device: str = "cpu",
          pairs: tuple[tuple[int, float, float, float | None], ...] = ()) -> Speed:
    """Operators at four numbers of tokens; pairs of blocks as tokens and milliseconds each way."""
    timed = tuple(PairTiming(tokens=tokens, sequence_ms=after, beside_ms=beside, at_once_ms=at_once)
                  for tokens, after, beside, at_once in pairs)
    return Speed(width=96, heads=6, threads=threads, device=device, pairs=timed, rows=tuple(
        Timing(operator=name, tokens=tokens, least_ms=ms, median_ms=1.1 * ms, times=20)
        for name, row in (times or TIMES).items() for tokens, ms in zip((64, 256, 1024, 4096), row)))


def result(**parts: object) -> GraftingResult:
    """A result of one task."""
    task = next((name for name in ("locality", "speed") if name in parts), "graft")
    return GraftingResult(seed=0, model_id="vignettes-dit", is_miniature=True,
                          settings=GraftingSettings(task=task, heals="both stages" if task == "graft" else "stage 1"), **parts)
