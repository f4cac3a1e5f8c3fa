"""Every knob of grafting, with its range, its default and where the default comes from.

One page does three things, and `task` says which: graft and heal a model, see where its attention looks, time operators.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backends.grafting.choices import (
    CHECKPOINT_MB,
    HEALINGS,
    KINDS,
    LEAST_JUDGED,
    MAX_ASKED,
    MAX_JUDGED,
    MAX_LAYERS,
    MAX_PICTURES,
    MAX_SAMPLE_STEPS,
    MAX_TOKENS,
    NEAR,
    SAMPLES_MB,
    SHOWN_FIRST,
    Healing,
    KindName,
    Pattern,
    TuneLoss,
)
from backends.knobs import WEIGHTS, knob
from backends.run import Settings
from models.diffusion.choices import OPERATOR_NAMES, SAMPLERS, Heard, Loss, Operator, Sampler

Task = Literal["graft", "locality", "speed"]
Layer = Annotated[int, Field(ge=0, lt=MAX_LAYERS)]
Tokens = Annotated[int, Field(ge=16, le=MAX_TOKENS)]


class GraftingSettings(Settings):
    """Settings of one run."""

    task: Task = knob("graft", "task", "Graft and heal a model, see where its attention looks, or time operators.")
    model: str = knob("vignettes-dit", "task", "The diffusion transformer.", max_length=300, role="diffusion")
    quantisation: Literal["none", "int8", "nf4"] = knob("none", "task", "Weights of a published model: full, 8 or 4 bit.",
                                                         names=WEIGHTS)
    subjects: str = knob("", "task", "What a published model paints: kinds of ImageNet for DiT, sentences for PixArt, with a "
                         "semicolon between two. Empty: kinds of its own.", max_length=MAX_ASKED, label="Painted by other models")
    seed: int = knob(0, "task", "Starts every draw of the grafting. Equal settings give equal results.", ge=0, le=2**31 - 1)

    operator: Operator = knob("hyena-x", "graft", "What is put in: the same again (self-graft), another operator, or whole blocks "
                              "side by side, two and two (depth to width): with all layers, half as deep and twice as wide. "
                              "Linear attention and MLPs 1, 2 and 5 x as wide are not in the paper.", names=OPERATOR_NAMES)
    pattern: Pattern = knob("interleaved", "graft", "Which layers: every other one, three of four, all, the last half, the half "
                            "whose attention stays nearest (top-local) or goes farthest (low-local), or those named by hand. "
                            "Side by side stands every pair (0, 1), (2, 3), ... that holds such a layer: interleaved and all "
                            "take each; the last of an odd number stays alone.",
                            label="Layers")
    layers: tuple[Layer, ...] = knob((), "graft", "Layers by hand, counted from 0; with 'by hand' only.", max_length=MAX_LAYERS,
                                     label="Layers by hand")
    heals: Healing = knob("stage 1", "graft", "None leaves the new operators as they were drawn. Stage 1: each learns alone to say "
                          "what the old one said. Both: then everything is trained on pictures for a short while.", label="Heal by",
                          names=HEALINGS)
    continues: str = knob("", "graft", "Go on from an earlier run: its grafted model is healed further by stage 2.", max_length=200,
                          role="result", none="Start anew", label="Go on from")

    loss: Literal["auto", Loss] = knob("auto", "stage 1", "What is made small. auto: l1 for attention and pairs, l2 for MLPs, as in "
                                       "the paper.", label="Stage 1 loss")
    steps: int = knob(250, "stage 1", "Steps per layer, or pair, of 64 pictures each.", ge=1, le=2_000,
                      stops=(10, 50, 100, 250, 500, 1000, 2000),
                      label="Stage 1 steps")
    num_samples: int = knob(2_000, "stage 1", "Pictures whose activations are learned from, one noise each: 2,000 are a tenth of "
                            "all.",
                            ge=64, le=4_000, label="Pictures to learn from")
    hears: Heard = knob("noised", "stage 1", "Inputs that are learned from: noised, as the paper's equation says; clean; or "
                        "official, as the released extractor takes them: clean, with time and class in each other's place.",
                        label="Inputs to learn from")

    tune_steps: int = knob(150, "stage 2", "Steps of 32 pictures each, all weights; the ranking was measured with 400.", ge=1,
                           le=2_000, stops=(10, 50, 100, 150, 200, 400, 1000, 2000), label="Stage 2 steps")
    tune_loss: TuneLoss = knob("diffusion", "stage 2", "diffusion, as in the paper: say the noise of pictures; activation: say "
                               "what the old operators said; both: their sum.", label="Stage 2 loss")

    kinds: tuple[KindName, ...] = knob(SHOWN_FIRST, "pictures", "What the miniature paints.", min_length=1, max_length=len(KINDS),
                                       label="Things to paint")
    num_pictures: int = knob(8, "pictures", "How many, the kinds in turn.", ge=1, le=MAX_PICTURES, label="Pictures")
    sampler: Sampler = knob("ddim", "pictures", "How noise is turned into a picture. DDPM adds noise on the way.",
                            names=SAMPLERS)
    sample_steps: int = knob(20, "pictures", "Steps from noise to picture (the paper: 250 of DDPM).", ge=1, le=MAX_SAMPLE_STEPS,
                             stops=(1, 5, 10, 20, 50, 100, 250), label="Steps to paint a picture")
    guidance: float = knob(1.0, "pictures", "How far the class is followed beyond what the model says; 1 is as it says (the paper: "
                           "1.5). More than 1 asks the model twice.", ge=0, le=10, stops=(0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0))
    noise: int = knob(0, "pictures", "Which noise the pictures begin with: the same for every model.", ge=0, le=2**31 - 1,
                      label="Noise to begin with")
    num_judged: int = knob(0, "pictures", "Painted for the numbers: accuracy and proxy-FD. 0 leaves them out; a proxy-FD takes "
                           "65.", ge=0,
                           le=MAX_JUDGED, stops=(0, LEAST_JUDGED, 200, 500, 1000, 2000), label="Pictures to judge")

    near: int = knob(NEAR, "locality", "Tokens at most so far apart count as near, in raster order (the paper: 32 of 256; a row of "
                     "this model is 8 tokens).", ge=1, le=64, label="Near, in tokens")
    tokens: tuple[Tokens, ...] = knob((64, 256, 1024, 4096), "speed", "Numbers of tokens at which operators are timed.", min_length=1,
                                      max_length=8, stops=(64, 256, 1024, 4096, MAX_TOKENS),
                                      label="Numbers of tokens")

    checkpoint: str = knob("", "own", "A checkpoint of your own in the place of the model: .pt or .safetensors in DiT's official "
                           "layout, or a zip of a folder in diffusers' layout, grafted or not. Empty: the model.", max_length=300,
                           label="Checkpoint", uploads=("safetensors", "pt", "pth", "zip"), upload_mb=CHECKPOINT_MB)
    checkpoint_heads: int = knob(0, "own", "Heads of attention of your checkpoint, where nothing in the file says how many. 0: as "
                                 "the file or its width tells.", ge=0, le=128, label="Heads of your checkpoint")
    samples: str = knob("", "own", "Pictures of your own that are judged beside the run's: an .npz whose arr_0 is uint8, "
                        "(n, 32, 32, 3); arr_1 may hold the kind of each, 0 to 9.", max_length=300, label="Pictures of your own",
                        uploads=("npz",), upload_mb=SAMPLES_MB)

    @model_validator(mode="after")
    def _layers_go_with_by_hand(self) -> Self:
        if self.pattern == "by hand" and not self.layers:
            raise ValueError("no layer is named. Write their numbers into 'layers', or choose another pattern")
        if self.pattern != "by hand" and self.layers:
            raise ValueError(f"layers are named, but the pattern is {self.pattern!r}. Set it to 'by hand', or empty 'layers'")
        if len(set(self.layers)) < len(self.layers):
            raise ValueError("a layer is named twice in 'layers'")
        return self

    @model_validator(mode="after")
    def _packed_weights_are_not_tuned(self) -> Self:
        if self.quantisation != "none" and self.heals == "both stages":
            raise ValueError(f"stage 2 trains all weights, and those in {self.quantisation} cannot be trained. Set 'quantisation' to "
                             "'none', or 'heals' to 'stage 1'")
        return self

    @model_validator(mode="after")
    def _packed_blocks_do_not_learn(self) -> Self:
        if self.quantisation != "none" and self.operator == "pairs" and self.heals != "none":
            raise ValueError(f"pairs learn with all weights of their blocks, and those in {self.quantisation} cannot be trained. Set "
                             "'quantisation' to 'none', or 'heals' to 'none'")
        return self

    @model_validator(mode="after")
    def _has_something_to_go_on_with(self) -> Self:
        if self.continues and self.heals != "both stages":
            raise ValueError("going on from an earlier run is stage 2. Set 'heals' to 'both stages'")
        return self


PRESETS: dict[str, tuple[GraftingSettings, str]] = {  # label: settings, what to notice
    "Swap it, and heal it": (GraftingSettings(heals="both stages"),
                             "Each new part learns alone what the old one said, and the pictures are back. Training "
                             "everything for a short while sharpens them."),
    "Swap it, do not heal": (GraftingSettings(heals="none"),
                             "The new parts say next to nothing until they are taught: half of the attention is simply gone."),
    "Push it until it breaks": (GraftingSettings(pattern="all", heals="both stages"),
                                "All attention is cut out. What is put in sees earlier neighbours only, and cannot agree on one "
                                "colour for a whole object: a mosaic."),
    "Which layers look nearby?": (GraftingSettings(task="locality"),
                                  "The share of each layer's attention that stays within a row of tokens, beside what attention "
                                  "spread evenly would have."),
}
