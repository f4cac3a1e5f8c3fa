"""Every knob of CoDA, with its range, its default and where the default comes from.

One page does four things, and `task` says which: compare decoders on prompts, measure the law on a corpus, count what decoders
recover on a corpus, or answer a file of prompts. What is "auto" or empty depends on the model, for what helps a miniature does not
help a real one: `backends.coda.wiring` says what it becomes, and the result holds it.
"""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, field_validator, model_validator

from backends.coda.choices import MAX_CHARACTERS, MAX_ITEMS, MAX_NEW_TOKENS, MAX_PROMPTS, Detector, EscapeBias, Layers, MaskMode, Unit
from backends.knobs import WEIGHTS, knob
from backends.run import Settings
from worlds.facts.corpus import Position

MAX_MB = 64  # of a file of prompts; all of NQ-Swap and of COUNTERFACT are below

Task = Literal["compare", "law", "recovery", "file"]
Method = Literal["greedy", "sample", "coda", "coda_paper", "cad", "cad_random", "cd", "dola"]
Factor = Literal["P", "L", "S"]
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CHARACTERS)]


class CodaSettings(Settings):
    """Settings of one run."""

    task: Task = knob("compare", "task", "Compare decoders on a prompt; measure the law; count recoveries; answer a file.")
    model: str = knob("coda-english", "task", "The language model that answers.", max_length=300, role="language",
                      also=("vlm",))
    quantisation: Literal["none", "int8", "nf4"] = knob("none", "task", "Weights of a real model: full, 8 or 4 bit.",
                                                         names=WEIGHTS)
    epoch: int | None = knob(None, "task", "Of a miniature: after how many epochs of training. Empty: its best.", ge=1, le=100,
                             label="After how many epochs")
    seed: int = knob(0, "task", "Starts every draw. Equal settings give equal results.", ge=0, le=2**31 - 1)

    prompts: tuple[Prompt, ...] = knob((), "prompt", "Prompts, one per line. Empty: rare facts of the miniature's own world.",
                                       max_length=MAX_PROMPTS, is_by_line=True)
    num_examples: int = knob(1, "prompt", "Rare facts of the miniature's world to ask, if no prompt is written.", ge=1,
                             le=MAX_PROMPTS, label="Rare facts to ask")
    popularity: int = knob(50, "prompt", "P of these facts: popular statements for each rare one.", ge=2, le=100)
    methods: tuple[Method, ...] = knob(("greedy", "coda", "coda_paper", "cad"), "prompt", "Decoders that answer side by side: "
                                       "coda as the knobs say, coda_paper as printed, whatever they say.", min_length=1, max_length=8,
                                       label="Decoders")
    compare_with: str = knob("", "prompt", "A second prompt, written by hand, that leads to the popular answer: it takes the masked "
                             "prompt's place.", max_length=MAX_CHARACTERS, label="Second prompt to compare with")

    as_chat: bool = knob(False, "reply", "Lay the prompt into the model's chat template.", label="As a chat")
    max_new_tokens: int = knob(8, "reply", "Longest answer, in tokens.", ge=1, le=MAX_NEW_TOKENS,
                               stops=(1, 2, 4, 8, 16, 32, 64, 128, MAX_NEW_TOKENS), label="Longest answer, in tokens")

    alpha: float = knob(0.01, "contrast", "A token is plausible from alpha times the largest probability (the paper: "
                        "0.01).", gt=0, le=1,
                        stops=(1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0), label="Plausible from alpha")
    escape_bias: EscapeBias = knob("floor", "contrast", "What stands for a token that the masked prompt finds implausible: floor "
                                   "or paper (its eq. 11), which collapses for sure models.", label="In place of implausible tokens")
    gate: Literal["auto", "on", "off"] = knob("auto", "contrast", "Contrast only where the masked prompt likes the greedy token even "
                                              "more (the paper: off). auto: on in a miniature. Of coda alone.")

    weight: float | None = knob(None, "other decoders", "a of CAD: (1 + a) log p - a log p' (its paper: 0.5 to 1). Empty: 0.5 in a "
                                "miniature and with a second prompt or a guess, else 1.", ge=0, le=5, label="Weight a of CAD")
    temperature: float = knob(0.0, "other decoders", "0 takes the best token; above, answers are drawn (the paper: 0.6).", ge=0, le=2)
    layers: Layers = knob("high", "other decoders", "DoLa's early layers (the paper: high).", label="Early layers of DoLa")

    detector: Literal["auto", Detector] = knob(
        "auto", "detector", "How the ignored word is found. auto: the word you name, else lift in a miniature and none in a real "
        "model. lift; lift_argmax: a guess; indicator_first; argmax, argmin; random: the baseline; oracle: the "
        "miniature's own rare word; manual: the word you name; suggested: by a rule, from the words alone; compare: a second prompt.",
                                               label="How the ignored word is found")
    tau: float = knob(0.1, "detector", "lift fires above this many nats: 0 is sensitive, 0.3 conservative.", ge=0, le=5,
                      label="Threshold tau")
    mask_mode: Literal["auto", MaskMode] = knob("auto", "detector", "A masked word is replaced by the mask token, deleted or "
                                                "unattended. auto: replaced in a miniature, else deleted.",
                                                label="How a word is masked")

    named: str = knob("", "masking", "The ignored words of the prompt; 'first#2' is the second 'first'.", max_length=200,
                      label="Ignored words, by hand")
    unit: Unit = knob("word", "masking", "Mask whole words or single tokens.", label="What is masked")
    skips_stop_words: bool = knob(False, "masking", "Never mask words such as 'the'.", label="Never mask words such as “the”")
    redetects: bool = knob(False, "masking", "Look for the overshadowed word before every token, not once per prompt.",
                           label="Look anew before every token")

    trains: bool = knob(False, "law", "Train a model now instead of opening the shipped one.", label="Train a model now")
    factor: Factor = knob("P", "law", "What varies: popularity P, length L, or the model's size S (always trained).",
                          label="What varies")

    num_sets: int = knob(50, "training", "Knowledge sets per value (the paper: 100).", ge=5, le=100, label="Sets of facts per value")
    other: int = knob(5, "training", "The factor that does not vary (the paper: 5).", ge=2, le=100, label="The factor that stays")
    position: Position = knob("end", "training", "Where the distinct word stands in the shared ones; P has it vary.",
                              label="Place of the distinct word")
    weight_decay: float = knob(1.0, "training", "1.0 keeps overshadowing, 0.01 lets it pass with more epochs (the paper: 0.01).",
                               ge=0, le=3, stops=(0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 3.0))
    hidden: int = knob(64, "training", "Width of the model.", ge=16, le=256, multiple_of=8, label="Width of the model")
    learning_rate: float = knob(2e-3, "training", "AdamW's, constant (the paper: 1e-5, for large models).", ge=1e-5, le=1e-2,
                                stops=(1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 0.01))
    epochs: int = knob(14, "training", "Times that every sentence is seen, an earlier run's included (the paper: 40).", ge=1, le=60)
    continues: str = knob("", "training", "Go on training where a run of this session ended: the same knobs, more epochs.",
                          role="result", none="Train from the beginning", max_length=40, label="Go on from")
    num_seeds: int = knob(1, "training", "Train this many models that differ in their seed; intervals then cover seeds too.",
                          ge=1, le=10, label="Number of seeds")

    file: str = knob("", "file", "Uploaded prompts: CSV, JSON lines or parquet.", max_length=300,
                     uploads=("csv", "tsv", "jsonl", "json", "txt", "parquet"), upload_mb=MAX_MB, label="File of prompts")
    num_rows: int = knob(200, "file", "Rows of the file that are answered, from its beginning.", ge=1, le=MAX_ITEMS,
                         stops=(10, 20, 50, 100, 200, 500, 1000, 2000, 5000, MAX_ITEMS), label="Rows to answer")

    @property
    def trains_now(self) -> bool:
        """Whether a run trains. The size law has no shipped models: four sizes are trained."""
        return self.task == "law" and (self.trains or self.factor == "S")

    @field_validator("gate", mode="before")
    @classmethod
    def _was_a_switch(cls, value: object) -> object:
        """Links and runs until November 2026 hold true or false."""
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.task == "file" and not self.file:
            raise ValueError("the task 'file' needs a file. Upload one and name it 'upload:NAME'")
        if self.detector == "manual" and not self.named.strip() and self.task in ("compare", "file"):
            raise ValueError("the detector 'manual' needs the overshadowed words. Write them into 'named'")
        if "sample" in self.methods and self.temperature == 0:
            raise ValueError("sampling at temperature 0 is greedy decoding. Set a temperature above 0, the paper has 0.6")
        self._check_second_prompt()
        return self

    def _check_second_prompt(self) -> None:
        has_one = bool(self.compare_with.strip())
        if self.detector == "compare" and not has_one:
            raise ValueError("the detector 'compare' needs a second prompt. Write it into 'compare_with'")
        if has_one and self.detector not in ("auto", "compare"):
            raise ValueError(f"a second prompt stands in 'compare_with', so that the detector {self.detector!r} has nothing to do. "
                             "Set it to 'auto', or empty 'compare_with'")
        if has_one and self.task == "file":
            raise ValueError("a file brings its second prompts in its column 'masked_prompt'. Empty 'compare_with'")
        if has_one and self.task == "compare" and len(self.prompts) != 1:
            raise ValueError("a second prompt goes with one prompt. Write exactly one, or empty 'compare_with'")


# Seed 0 is the first draw; 1 the first whose fact CoDA brings back. How often is which is counted on all 30 facts of P 50,
# and a test counts again: greedy decoding gives 21 the popular answer and 8 the right one.
FIRST_MENDED = 1
AUSTRALIA = CodaSettings(model="smollm2-135m", prompts=("The capital of Australia is",), methods=("greedy", "cad"))
PRESETS: dict[str, tuple[CodaSettings, str]] = {  # label: settings, what to notice
    "One click on CoDA": (CodaSettings(seed=FIRST_MENDED),
                          "Masking the ignored word makes the wrong answer likelier, and CoDA turns away from it. It mends 7 of 21 "
                          "popular answers so, and breaks 3 of 8 correct ones."),
    "See it fail": (CodaSettings(seed=0), "The rare fact's word hardly counts, no masking shows it, and every decoder repeats the "
                    "popular answer: so with 14 of the 21 facts that are answered so."),
    "A real model": (AUSTRALIA, "SmolLM2 says Sydney. Click the word that it ignores, “capital”, and it says Canberra. This is an "
                     "easy one: here any word does, and on most questions nothing helps. The numbers are below."),
    "The paper's formula": (CodaSettings(seed=FIRST_MENDED, methods=("greedy", "coda_paper", "coda"), detector="oracle",
                                         escape_bias="paper", gate="off"),
                            "As printed, its detector is silent (on 28 of 30 facts) and nothing is contrasted. Told the word, the "
                            "correct answer escapes, but b is taken from the popular one: 3 of 21 are mended."),
    "The law, live": (CodaSettings(task="law", trains=True),
                      "Train a model now, in a minute or two: the more popular the fact, the more it overshadows."),
}
