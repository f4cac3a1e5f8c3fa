"""The paper's numbers as data, unchanged: what a page puts beside ours (arXiv 2506.05340).

FID, sFID and IS are of 50,000 samples of DiT-XL/2 at 256 x 256, 250 steps of DDPM, guidance 1.5. Changes are in per cent of that
kind of operator over all layers, so at 50 % half of what one operator changes. None is a cross: the pictures collapsed.
"""

from dataclasses import dataclass

from models.diffusion.choices import Operator

COLLAPSED = 50  # FID of what Table 4 crosses out


@dataclass(frozen=True)
class SelfGraft:
    """The same operator again in every layer, with fresh weights: Table 2."""

    what: str
    data: str  # of stage 2, as a share of ImageNet
    inception: float
    fid: float
    sfid: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Graft:
    """Another operator in a share of the layers: Table 4."""

    operator: Operator
    ratio: int  # of the layers, per cent
    inception: float | None
    fid: float | None
    sfid: float | None
    mixing: float | None
    features: float | None
    parameters: float | None


@dataclass(frozen=True)
class Wide:
    """A model of less depth beside others of its kind: Table 6. None is a number that the paper's table was not read for."""

    what: str
    depth: int
    million_parameters: int | None
    fid: float


SELF_GRAFTS = (
    SelfGraft("DiT-XL/2 as it is", "–", 278.20, 2.27, 4.60, 0.83, 0.57),
    SelfGraft("attention, drawn at random", "–", 1.66, 289.23, 154.00, 0.00, 0.00),
    SelfGraft("attention, stage 1 only", "–", 117.68, 16.78, 13.69, 0.60, 0.61),
    SelfGraft("attention, both stages", "0.63 %", 148.56, 11.26, 11.10, 0.66, 0.60),
    SelfGraft("attention, both stages", "5 %", 270.39, 2.70, 5.46, 0.81, 0.57),
    SelfGraft("attention, both stages", "10 %", 287.81, 2.49, 4.71, 0.83, 0.56),
    SelfGraft("MLP, drawn at random", "–", 1.27, 314.72, 204.99, 0.00, 0.00),
    SelfGraft("MLP, both stages", "10 %", 277.72, 2.54, 4.52, 0.83, 0.57),
)

GRAFTS = (
    Graft("hyena-se", 50, 274.73, 2.73, 5.05, -49.52, 0.13, 0.22),
    Graft("hyena-se", 75, 231.15, 3.62, 6.04, -74.27, 0.20, 0.33),
    Graft("hyena-se", 100, None, None, None, -99.03, None, None),
    Graft("hyena-x", 50, 273.30, 2.74, 5.03, -49.90, 0.13, 0.16),
    Graft("hyena-x", 75, 229.11, 3.69, 6.10, -74.85, 0.20, 0.24),
    Graft("hyena-x", 100, None, None, None, -99.81, None, None),
    Graft("hyena-y", 50, 273.37, 2.72, 5.02, -49.52, 0.0, 0.05),
    Graft("hyena-y", 75, 228.99, 3.66, 5.95, -74.27, 0.0, 0.08),
    Graft("hyena-y", 100, None, None, None, -99.03, None, None),
    Graft("swa", 50, 280.62, 2.67, 4.90, -48.24, 0.0, 0.0),
    Graft("swa", 75, 249.99, 3.09, 5.54, -72.36, 0.0, 0.0),
    Graft("swa", 100, None, None, None, -96.48, None, None),
    Graft("mamba-2", 50, 285.08, 2.65, 4.84, -37.59, 77.89, 28.02),
    Graft("mamba-2", 75, 257.66, 3.02, 5.48, -56.38, 116.83, 42.04),
    Graft("mamba-2", 100, None, None, None, -75.17, None, None),
    Graft("mlp-3", 50, 272.14, 2.53, 4.51, None, -12.5, -12.5),
    Graft("mlp-3", 75, 279.72, 2.61, 4.61, None, -18.75, -18.75),
    Graft("mlp-3", 100, 252.11, 2.66, 4.57, None, -25.0, -25.0),
    Graft("mlp-6", 50, 278.00, 2.38, 4.50, None, 25.0, 25.0),
    Graft("mlp-6", 75, 277.94, 2.37, 4.48, None, 37.5, 37.5),
    Graft("mlp-6", 100, 276.86, 2.42, 4.50, None, 50.0, 50.0),
    Graft("mlp-hyena-x", 50, 265.60, 2.64, 4.66, None, 0.01, 0.02),
    Graft("mlp-hyena-x", 75, 226.13, 3.26, 4.79, None, 0.02, 0.03),
    Graft("mlp-hyena-x", 100, None, None, None, None, 0.02, 0.03),
)

DEPTH_TO_WIDTH = "DiT-XL/2, 28 blocks grafted side by side"
WIDE = (
    Wide(DEPTH_TO_WIDTH, 14, 712, 2.77),
    Wide("TinyDiT-D14 with MKD (masked knowledge distillation)", 14, 340, 2.86),
    Wide("U-ViT-L", 21, None, 3.44),
    Wide("DiT-L/2", 24, None, 3.73),
    Wide("BK-SDM", 14, 340, 7.43),
)

PATTERNS = {"interleaved": 2.74, "top-local": 3.02, "low-local": 3.18, "deep": 4.00}  # FID of Hyena-X at 50 %, Figure 4
MORE_DATA = {"hyena-x": (2.74, 2.61), "swa": (2.67, 2.62), "mamba-2": (2.65, 2.55)}  # FID with 10 and 20 % of the data, Figure 4

REMARKS = (
    "The text gives 2.53 for self-grafted attention with 10 % of the data, Table 2 gives 2.49.",
    "The text says that every full replacement of attention exceeds an FID of 75, Section 3.4 gives 53.9 for the sliding window.",
    "Mamba-2 changes feature FLOPs by the ratio rather than by the change: by our count an operator has 56 % more parameters.",
)
