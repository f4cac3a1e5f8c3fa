"""Every knob of merging, with its range, its default and where the default comes from.

`task` says what a run does: merge the small models and try the child; try many pairs of weights; look where seeing and reasoning
live; merge folders of published models; or ask a model the questions of a file.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backends.knobs import WEIGHTS, knob
from backends.made import name_of
from backends.merging.mix import METHOD_NAMES, PARTS, WITH_BASE, Embeddings, Method, Mix, Part, Rescale, Signs
from backends.run import NamedModel, Settings
from worlds.errors import InputError

Task = Literal["merge", "grid", "probe", "checkpoints", "ask"]
Reasoner = Literal["a", "b"]
Parent = Literal["base", "vlm", "reasoner"]
Probe = Literal["mask", "reset", "graft"]
PROBE_NAMES: dict[Probe, str] = {"mask": "flatten a module", "reset": "set a layer back", "graft": "merge a range of layers only"}
Number = Annotated[float, Field(ge=-2, le=3)]
MINIATURE = "merging-parents"
SUMS = "sums"
MAX_LAYERS, MAX_GRADIENT = 256, 16
MAX_QUESTIONS = 800
FOLLOWS_FROM = ("model", "kind", "seed", "method", "share", "vlm_weight", "reason_weight", "scale", "density", "rescale", "signs",
                "gradient", "first_layer", "end_layer", "parts", "embeddings")  # settings that a child's weights follow from


class MergingSettings(Settings):
    """Settings of one run."""

    task: Task = knob("merge", "task", "Merge the small models, try pairs of weights, look into layers, merge folders of published "
                      "models, or ask the questions of a file.",
                      names={"merge": "merge and try", "grid": "try pairs of weights", "probe": "look into layers",
                             "checkpoints": "merge published models", "ask": "ask your questions"})
    model: str = knob(MINIATURE, "task", "The vision-language model: it keeps its eyes, and its words are merged.", max_length=300,
                      role="vlm", label="Vision-language model")
    quantisation: Literal["none", "int8", "nf4"] = knob("none", "task", "Weights of a real model that is asked: full, 8 or 4 bit. "
                                                         "What is merged is never packed.", names=WEIGHTS)
    reasoner: str = knob("", "task", "A model that learned to reason from the same base, without pictures. Empty: the miniature's.",
                         max_length=300, role="language", none="The miniature's own", quantised_by="", label="Reasoning model")
    base: str = knob("", "task", "What both learned from. Linear and SLERP do without. Empty: the miniature's.", max_length=300,
                     role="language", none="The miniature's own, or none", quantised_by="",
                     label="Their base")
    seed: int = knob(0, "task", "Starts every draw: what DARE drops, and the questions. Equal settings give equal results.", ge=0,
                     le=2**31 - 1)

    method: Method = knob("linear", "merge", "How the weights are brought together (the paper: linear).", names=METHOD_NAMES)
    share: float = knob(0.3, "merge", "Of linear and SLERP: how much of the child is the vision-language model, the rest is the "
                        "reasoning model (the paper: 0.9).", ge=0, le=1, label="VLM share (lambda)")
    vlm_weight: float = knob(1.0, "merge", "Of the other methods: how often the vision-language model's task vector is added to the "
                             "base.", ge=0, le=2, label="Weight of seeing")
    reason_weight: float = knob(1.0, "merge", "Of the other methods: how often the reasoning model's task vector is added to the "
                                "base.", ge=0, le=2, label="Weight of reasoning")
    scale: float = knob(1.0, "merge", "What the mixed task vectors are multiplied by before they are added to the base.", ge=0, le=3,
                        label="Overall scale")
    density: float = knob(0.5, "merge", "Share of a task vector's entries that TIES and DARE keep (the released code: 0.2).",
                          ge=0.01, le=1, label="Entries that are kept")
    rescale: Rescale = knob("density", "merge", "What DARE does for entries that are dropped: divide the others by the share that "
                            "is kept, restore their sum of sizes (mergekit), or nothing.",
                            names={"density": "divide by the share kept", "l1": "restore the sum of sizes (mergekit)",
                                   "none": "nothing (the released code)"}, label="DARE rescales by")
    signs: Signs = knob("weighted", "merge", "How TIES elects a sign: from the weighted sum, divided by the weights that agree "
                        "(mergekit), or from the plain sum, divided by their count (the released code).",
                        names={"weighted": "by weight (mergekit)", "official": "by count (the released code)"},
                        label="TIES elects signs")
    gradient: tuple[Number, ...] = knob((), "layers", "VLM share, or weight of reasoning, from the first layer to the last, with "
                                        "straight lines between. Empty: the same in all.", max_length=MAX_GRADIENT,
                                        stops=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0), label="Along the depth")
    first_layer: int = knob(0, "layers", "The first layer that is merged, counted from 0; before it the child is the "
                            "vision-language model.", ge=0, le=MAX_LAYERS - 1, stops=(0, 1, 2, 3, 5, 8, 16, 32, 64, 128, 255),
                            label="From layer")
    end_layer: int = knob(MAX_LAYERS, "layers", "One after the last layer that is merged.", ge=1, le=MAX_LAYERS,
                          stops=(1, 2, 3, 4, 6, 8, 16, 32, 64, 128, MAX_LAYERS), label="Until before layer")
    parts: tuple[Part, ...] = knob(PARTS, "layers", "Kinds of modules that are merged.", min_length=1, max_length=3,
                                   names={"attention": "attention", "mlp": "MLP", "norm": "norms"}, label="Modules")
    embeddings: Embeddings = knob("out", "layers", "Whether embedding and head are merged too (the paper: out, for vocabularies "
                                  "differ), all of them or the rows that both models have.",
                                  names={"out": "left out", "in": "merged", "common rows": "merged where both have a row"},
                                  label="Embedding and head")

    kind: Reasoner = knob("a", "try", "Which of the miniature's reasoning models: as near to the base as it learns, or trained "
                          "three times as fast and farther away.", names={"a": "near to the base", "b": "farther away"},
                          label="Miniature's reasoner")
    curve: int = knob(11, "try", "Shares or weights along which the child is tried too. 0: only the one that is set.", ge=0, le=41,
                      stops=(0, 6, 11, 21, 41), label="Points of the curve")
    num_questions: int = knob(200, "try", "Held-out questions of each kind, for each child that is tried.", ge=10, le=MAX_QUESTIONS,
                              stops=(10, 50, 100, 200, 400, MAX_QUESTIONS), label="Questions of each kind")
    noise: float = knob(18.0, "try", "How much noise lies over a picture, in grey levels of 255; 18 when it learned.", ge=0, le=80,
                        label="Noise in pictures")
    shown: int = knob(0, "try", "The first of the questions that are shown one by one.", ge=0, le=10_000, label="Shown from question")
    grid: int = knob(6, "grid", "Weights in each direction; all pairs are tried.", ge=2, le=15, label="Weights in each direction")
    grid_most: float = knob(1.5, "grid", "The largest weight.", ge=0.5, le=2, label="Largest weight")
    probes: tuple[Probe, ...] = knob(("mask",), "probe", "What is done to one layer at a time: its matrices set to one number, the "
                                     "layer set back to a parent, or only a range of layers merged.", min_length=1, max_length=3,
                                     names=PROBE_NAMES, label="Look by")
    sets_back_to: Parent = knob("base", "probe", "Whose layer it becomes again.",
                                names={"base": "the base", "vlm": "the vision-language model", "reasoner": "the reasoning model"},
                                label="Set back to")
    looks: bool = knob(False, "probe", "For the first question shown, also where it looks and which word each layer would say.",
                       label="Look inside an answer")

    recipe: str = knob("", "checkpoints", "A YAML of mergekit that says how, in the place of the knobs above.", max_length=300,
                       uploads=("yaml", "yml"), upload_mb=1, label="mergekit's YAML")
    checks_only: bool = knob(False, "checkpoints", "Say what would come out, and write nothing.", label="Check only")
    official: str = knob("", "checkpoints", "A merged_model_….pth of the released code, in the place of a merge: its words replace "
                         "the vision-language model's.", max_length=300, uploads=("pth", "pt"), label="The released code's file")
    data: str = knob(SUMS, "ask", "'sums': the miniature's own questions; 'upload:NAME': questions of yours (JSONL, MathVista, "
                     "MathVerse, MathVision, MMMU, VLMEvalKit's tables), in a zip with their pictures; else a folder below "
                     "ORRERY_DATA_DIR.", max_length=300, uploads=("zip", "json", "jsonl", "csv", "tsv", "xlsx", "parquet"),
                     upload_mb=4_000, label="Questions")
    beside: str = knob("", "ask", "A second model that is asked the same: a merged child, or a parent.", max_length=300, role="vlm",
                       none="None", quantised_by="beside_quantisation", label="Beside it")
    beside_quantisation: Literal["none", "int8", "nf4"] = knob("none", "ask", "Weights of the second model: full, 8 or 4 bit.",
                                                                names=WEIGHTS, label="Quantisation of the second")
    most: int = knob(100, "ask", "Questions of the file that are asked, from its first.", ge=1, le=5_000,
                     stops=(1, 10, 50, 100, 200, 500, 1000, 2000, 5000), label="Questions of the file")
    max_new_tokens: int = knob(512, "ask", "Longest reply, in tokens (the released code: 1,024).", ge=1, le=4096,
                               stops=(32, 64, 128, 256, 512, 1024, 2048, 4096), label="Longest reply, in tokens")

    @property
    def needs_base(self) -> bool:
        """Whether the method adds task vectors."""
        return self.method in WITH_BASE

    @property
    def child(self) -> str:
        """What a child in memory is called: by all that its weights follow from."""
        return name_of("merging", self.model_dump(mode="json", include=set(FOLLOWS_FROM)))

    def mix(self, num_layers: int) -> Mix:
        """The merge that is set, for models with so many layers. Raises InputError where it would begin behind the last."""
        if self.first_layer >= num_layers:
            raise InputError(f"The first layer that is merged is {self.first_layer}; this model has {num_layers}, counted from 0.")
        along = tuple(self.gradient)
        layers = (self.first_layer, min(self.end_layer, num_layers))
        vlm = self.vlm_weight if self.needs_base else along or self.share
        reason = (along or self.reason_weight) if self.needs_base else None
        return Mix(self.method, vlm, reason, scale=self.scale, density=self.density, rescale=self.rescale, signs=self.signs,
                   layers=None if layers == (0, num_layers) else layers, parts=self.parts, embeddings=self.embeddings, seed=self.seed)

    def named_models(self) -> tuple[NamedModel, ...]:
        """The models that are asked; those that are merged are read from disk, a tensor at a time."""
        return tuple(each for each in super().named_models() if each.setting in ("model", "beside")) if self.task == "ask" else ()

    @model_validator(mode="after")
    def _layers_are_a_range(self) -> Self:
        if self.first_layer >= self.end_layer:
            raise ValueError("no layer is merged. Set 'first_layer' below 'end_layer'")
        return self

    @model_validator(mode="after")
    def _has_what_is_merged(self) -> Self:
        if self.task == "checkpoints" and self.model != MINIATURE and not (self.reasoner or self.official or self.recipe):
            raise ValueError("there is nothing to merge it with. Choose a 'reasoner', or bring a 'recipe' or an 'official' file")
        return self
