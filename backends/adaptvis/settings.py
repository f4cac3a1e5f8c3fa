"""Every knob of AdaptVis, with its range, its default and where the default comes from.

One page does two things, and `task` says which: look at one picture at many alphas, or evaluate a set of pictures.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from backends.knobs import WEIGHTS, knob
from backends.numbers import signed
from backends.run import Settings
from worlds.picture_kinds import ENDINGS

RECORDED = Path(__file__).parent / "recorded"  # made by `python -m backends.adaptvis.record`
PICKED = RECORDED / "presets.json"  # made by `python -m backends.adaptvis.presets`
LARGER_SETS, LARGER_SEED = 500, 1  # of recorded evaluations: 2,000 scenes to test on; seed 0 is the presets' and the defaults'

CONDITIONS = ("plain", "held", "noise40", "noise60", "clutter15", "dis1", "dis2", "edge", "small", "plain-depths",
              "noise60-depths")
ALPHAS = (0.0, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)  # where sliders stop

Task = Literal["look", "evaluate"]
Variant = Literal["multiply", "shape", "mass"]
OtherWay = Literal["rollout", "gradient", "gradcam"]
Layout = Literal["chat", "official"]
SceneryChoice = Literal["trained", "board", "rooms"]
Match = Literal["likeliest", "strict", "official"]
MAX_OPTIONS, MAX_OPTION = 12, 60  # of one question; characters of one
Option = Annotated[str, Field(max_length=MAX_OPTION)]
Head = Annotated[int, Field(ge=0, le=1000)]
Method = Literal["greedy", "scalingvis", "adaptvis", "bias", "acc_bias", "reweighted", "oracle", "vcd", "dola"]


class AdaptVisSettings(Settings):
    """Settings of one run."""

    task: Task = knob("look", "task", "Look at one picture at many alphas, or evaluate a set of pictures.")
    model: str = knob("shapes-vlm", "task", "The vision-language model that answers.", max_length=300, role="vlm")
    quantisation: Literal["none", "int8", "nf4"] = knob("none", "task", "Weights of a real model: full, 8 or 4 bit.",
                                                         names=WEIGHTS)
    seed: int = knob(0, "task", "Starts every draw. Equal settings give equal results.", ge=0, le=2**31 - 1)

    picture: str = knob("scene", "picture", "'scene' draws one; 'two:NAME X Y; NAME X Y' puts things where you say, such as 'two:red "
                        "star 0.3 0.5; blue ring 0.7 0.5'; 'upload:NAME' is your own.", max_length=300, uploads=ENDINGS,
                        upload_mb=50)
    condition: str = knob("clutter15", "picture", "Of drawn scenes: plain, held, noiseN, clutterN, disN, edge or small; with "
                          "'-depths' behind it for front and behind instead of on and under.", max_length=30, suggestions=CONDITIONS)
    scenery: SceneryChoice = knob("trained", "picture", "Of drawn scenes: shapes on a plain board, rooms with furniture, or what the "
                                  "miniature was trained on (rooms for other models).")
    index: int = knob(98, "picture", "Which scene of that condition.", ge=0, le=20_000, label="Number of the scene")
    question: str = knob("", "picture", "What is asked, with the options in it. Empty: the scene's own question.", max_length=500)
    options: tuple[Option, ...] = knob((), "picture", "Words that can be answered. Empty: the scene's own.", max_length=MAX_OPTIONS,
                                       label="Possible answers")
    looking: tuple[OtherWay, ...] = knob((), "picture", "Other ways to see where it looked, beside attention.", max_length=3,
                                        label="Other ways of looking")

    prompt: Layout = knob("chat", "reply", "How picture and question are laid out: the checkpoint's chat template, or as released "
                          "The released code's: the picture, USER:, the question, ASSISTANT:.", label="Layout of the prompt")
    max_new_tokens: int = knob(1, "reply", "Longest reply in tokens (the released code: 100). 1 costs nothing: options are "
                               "words.", ge=1, le=100, label="Longest reply, in tokens")
    match: Match = knob("likeliest", "reply", "How a reply is read: the option whose first token is likeliest; strict: the "
                        "one option that stands in the text; official: the right word is found in the text.",
                        label="How a reply is read")

    alpha: float = knob(0.5, "gaze", "The image logits of the last prompt token are multiplied by this (the released code: "
                        "weight).", ge=0, le=10,
                        stops=ALPHAS, label="Alpha of the second gaze")
    alpha1: float = knob(0.5, "gaze", "alpha where the model is unsure (the released code: 0.5).", ge=0, le=10, stops=ALPHAS,
                         label="Alpha when unsure")
    alpha2: float = knob(1.5, "gaze", "alpha where it is sure (the released code: 1.2 to 2.0 by data "
                         "set).", ge=0, le=10, stops=ALPHAS, label="Alpha when sure")
    beta: float = knob(0.9, "gaze", "Below this confidence it counts as unsure (the released code: 0.2 to 0.64 by data set, for "
                       "LLaVA-1.5).",
                       ge=0, le=1.01, label="Unsure below, beta")
    rounds_confidence: bool = knob(False, "gaze", "Round the confidence to two decimals before it is compared (the released "
                                   "code: on).", label="Round the confidence")
    variant: Variant = knob("multiply", "gaze", "multiply, as the released code; shape keeps the image's share of the attention, "
                            "mass changes only "
                            "that share.", label="What alpha changes")

    first_layer: int = knob(0, "layers and heads", "First layer that is changed (the released code: 0).", ge=0, le=200,
                            label="First layer changed")
    last_layer: int | None = knob(None, "layers and heads", "Last layer that is changed. Empty: the last one (the released code: "
                                  "layer 31).",
                                  ge=0, le=200, label="Last layer changed")
    heads: tuple[Head, ...] = knob((), "layers and heads", "Heads that are changed. Empty: all.", max_length=64,
                                   label="Heads changed")
    columns: Literal["span", "image"] = knob(
        "span", "layers and heads", "What is scaled: span, from the first image token to the last with the text between a picture's "
        "tiles; image, its own tokens only.", label="Tokens that are scaled")
    every_step: bool = knob(False, "layers and heads", "Change every written token's row, not only the prompt's last one (the "
                            "released code: off).", label="Change every written token")

    data: str = knob("scenes", "evaluate", "'scenes': drawn ones; 'upload:NAME': a zip or log of the released formats; else a "
                     "folder below ORRERY_DATA_DIR. '#FILE' behind it picks one of several sets.", max_length=300,
                     uploads=("zip", "json", "jsonl"))
    num_items: int = knob(400, "evaluate", "Of a data set: at most this many items, whole groups drawn at random.", ge=8, le=10_000,
                          label="Items, at most")
    num_sets: int = knob(50, "evaluate", "Sets of four drawn scenes to test on; as many others to choose alphas on.",
                         ge=4, le=1000, label="Sets of four scenes")
    methods: tuple[Method, ...] = knob(("greedy", "scalingvis", "adaptvis", "bias", "acc_bias", "reweighted", "oracle"), "evaluate",
                                       "What is compared.", min_length=1, max_length=9, label="Methods compared")
    split: Literal["groups", "official"] = knob("groups", "evaluate", "Validation part: 20 % of whole sets, or the released "
                                                "code's random 20 % of items.", label="Validation part")
    chooses: bool = knob(True, "evaluate", "Choose alphas and beta on the validation part. Off: use the knobs.",
                         label="Choose alpha and beta by validation")

    @model_validator(mode="after")
    def _layers_are_a_range(self) -> Self:
        if self.last_layer is not None and self.last_layer < self.first_layer:
            raise ValueError(f"last_layer is {self.last_layer}, before first_layer {self.first_layer}")
        return self


_Record = dict[str, Any]  # Any: JSON, as the scripts that pick and evaluate wrote it


def _look_at(picked: _Record) -> AdaptVisSettings:
    """A scene that was picked by rule, with the setting that was chosen for its condition."""
    names = ("condition", "index", "alpha1", "alpha2", "beta")
    return AdaptVisSettings(alpha=picked["alpha1"], **{name: picked[name] for name in names})


def _presets() -> dict[str, tuple[AdaptVisSettings, str]]:
    """Label -> settings, what to notice. Before scenes were picked there is only the evaluation."""
    record: _Record = json.loads(PICKED.read_text()) if PICKED.is_file() else {"picked": {}}
    picked = record["picked"]

    def how_many(kind: str) -> str:
        count = record["counts"][picked[kind]["condition"]][kind]
        said = f" Picked by rule as the clearest of {count} such among {record['scenes']} scenes"
        if kind not in record.get("shares", {}):  # of a record that is being made anew
            return f"{said}."
        mean, low, high = (100 * share for share in record["shares"][kind])
        return f"{said}; of {record['others']:,} others {mean:.1f} % [{low:.1f}, {high:.1f}] are such."

    def how_much(larger: _Record) -> str:
        ends = ([100 * end for end in larger[name]] for name in ("adaptvis", "bias"))
        own, bias = ("{} points [{}, {}]".format(*(signed(end, 1) for end in gain)) for gain in ends)
        alone = f" {larger['one_alpha']}" if larger["one_alpha"] else ""
        return (f" {larger['num_test']:,} scenes that chose nothing: {larger['mended']} mended, {larger['broken']} broken, {own}; "
                f"one constant per answer {bias}.{alone}")

    labels = {
        "mended": ("See it mended", "Unsure and wrong; with its look spread over the picture (alpha1) it is correct."),
        "unchanged": ("See nothing change", "Unsure and correct; the same change of its look leaves the answer where it is."),
        "broken": ("See it broken", "Right without AdaptVis, wrong with it."),
    }
    found = {label: (_look_at(picked[kind]), text + how_many(kind)) for kind, (label, text) in labels.items() if kind in picked}
    same = {"condition": picked["mended"]["condition"]} if "mended" in picked else {}
    counted = AdaptVisSettings(task="evaluate", num_sets=LARGER_SETS, seed=LARGER_SEED, **same)
    found["Count them all"] = (counted, "How many answers are mended and how many broken, and whether one constant per answer "
                               "does as well. About a minute." + (how_much(record["larger"]) if record.get("larger") else ""))
    return found


PRESETS = _presets()
