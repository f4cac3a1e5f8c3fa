"""A small classifier of vignettes, and what it says of painted ones: how many are of their kind, and how far they are from real.

The proxy-FD is the Frechet distance of Heusel et al., arXiv 1706.08500, between Gaussians on the 64 features of this classifier
instead of those of InceptionV3: ours, and no number to be held against a published FID.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from worlds.errors import InputError

FEATURES, KINDS = 64, 10
LEAST = FEATURES + 1  # pictures of which a covariance of the features can be taken
WIDTHS = (24, 48, 64)
Moments = tuple[np.ndarray, np.ndarray]  # mean (64,) and covariance (64, 64)


class Judge(nn.Module):
    """Three convolutions, 64 features, ten kinds; 105,322 parameters. Pictures come as (n, 3, 32, 32), from -1 to 1."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *WIDTHS), WIDTHS):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(WIDTHS[-1] * 16, FEATURES), nn.ReLU())
        self.head = nn.Linear(FEATURES, KINDS)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores of the kinds, (n, 10)."""
        scores: Tensor = self.head(self.body(pictures))
        return scores


@dataclass(frozen=True)
class Judged:
    """What is said of some pictures.

    Attributes:
        accuracy: the share that is taken for its kind.
        proxy_fd: None where there are fewer than 65 pictures.
    """

    number: int
    accuracy: float
    proxy_fd: float | None


@torch.no_grad()
def features_of(judge: Judge, pictures: Tensor, *, batch: int = 500) -> tuple[Tensor, Tensor]:
    """Features (n, 64) and the kinds that pictures are taken for (n,)."""
    features = torch.cat([judge.body(pictures[first:first + batch]) for first in range(0, len(pictures), batch)])
    return features, judge.head(features).argmax(-1)


def moments_of(features: Tensor) -> Moments:
    """Mean and covariance.

    Raises:
        InputError: there are too few for a covariance.
    """
    if len(features) < LEAST:
        raise InputError(f"A proxy-FD takes at least {LEAST} pictures; there are {len(features)}.")
    rows = features.double().numpy()
    return rows.mean(0), np.cov(rows, rowvar=False)


def frechet(one: Moments, other: Moments) -> float:
    """|m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2))."""
    (mean, covariance), (other_mean, other_covariance) = one, other
    roots = np.sqrt(np.clip(np.linalg.eigvals(covariance @ other_covariance).real, 0, None))
    return max(0.0, float(np.square(mean - other_mean).sum() + np.trace(covariance) + np.trace(other_covariance) - 2 * roots.sum()))


def judged(judge: Judge, reference: Moments, pictures: Tensor, kinds: Tensor) -> Judged:
    """What the classifier says of pictures that were to be of some kinds."""
    features, taken_for = features_of(judge, pictures)
    distance = frechet(moments_of(features), reference) if len(pictures) >= LEAST else None
    return Judged(len(pictures), float((taken_for == kinds).float().mean()), distance)


def save(judge: Judge, reference: Moments, folder: Path, said: dict[str, object]) -> None:
    """Write the classifier with the moments of the held-out pictures; `said` is what its card says."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.contiguous() for name, value in judge.state_dict().items()}
    named = dict(zip(("reference.mean", "reference.covariance"), map(torch.from_numpy, reference)))
    save_file(weights | named, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"architecture": "Judge", **said}, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> tuple[Judge, Moments]:
    """The classifier and the moments of the held-out pictures."""
    weights = load_file(folder / "model.safetensors")
    reference = (weights.pop("reference.mean").numpy(), weights.pop("reference.covariance").numpy())
    judge = Judge().eval()
    judge.load_state_dict(weights)
    return judge, reference
