"""Every knob of MindCube, with its range, its default and where the default comes from.

`task` says what a run does: ask about one scene, ask about many, read the files of the released code, or train a small model.
"""

from collections import Counter
from typing import Literal, Self, get_args

from pydantic import model_validator

from backends.knobs import WEIGHTS, knob
from backends.mindcube.reward import Reward
from backends.run import NamedModel, Settings
from worlds.rooms.questions import TEMPLATES, Template
from worlds.rooms.texts import MOST_CHARACTERS

Task = Literal["ask", "evaluate", "file", "train"]
Config = Literal["Raw-QA", "Plain-CGMap-Out", "FFR", "Plain-CGMap-FFR-Out", "Aug-CGMap-In", "CGMap-In-FFR-Out", "Aug-CGMap-Out",
                 "Aug-CGMap-FFR-Out", "VI-1", "VI-2"]
CONFIGS: tuple[Config, ...] = get_args(Config)
CONFIG_NAMES: dict[Config, str] = {
    "Raw-QA": "answer at once", "Plain-CGMap-Out": "map, then answer", "FFR": "reason, then answer",
    "Plain-CGMap-FFR-Out": "map, then reason", "Aug-CGMap-In": "map given, answer at once",
    "CGMap-In-FFR-Out": "map given, then reason", "Aug-CGMap-Out": "map with cameras, then answer",
    "Aug-CGMap-FFR-Out": "map with cameras, then reason", "VI-1": "one view more between two", "VI-2": "two views more between two"}
FOUR: tuple[Config, ...] = ("Raw-QA", "Plain-CGMap-Out", "FFR", "Plain-CGMap-FFR-Out")
Layout = Literal["any", "two_view_clockwise", "two_view_counterclockwise", "two_view_opposite", "three_view", "four_view", "among",
                 "around"]
LAYOUT_NAMES: dict[Layout, str] = {
    "any": "any", "among": "among: a thing in the middle, four around it", "around": "around: a row of two to four",
    "two_view_clockwise": "rotation: two views, clockwise", "two_view_counterclockwise": "rotation: two views, anticlockwise",
    "two_view_opposite": "rotation: two views, opposite", "three_view": "rotation: three views", "four_view": "rotation: four views"}
Family = Literal["rotation", "among", "around"]
Wanted = Literal["any", Template]
_SAID = Counter(TEMPLATES.values())
WANTED_NAMES: dict[str, str] = {"any": "any", **{
    str(template): said if _SAID[said] == 1 else f"{said} ({template.partition('_')[0]})" for template, said in TEMPLATES.items()}}
MapEdit = Literal["none", "swap left and right", "swap front and back", "rotate by a quarter", "rotate by a half", "lose a thing",
                  "lose the facings", "written"]
DRAWN, EVALUATED, SCENES = "drawn", "evaluated", "scenes"
MOST_QUESTIONS = 2_000
MAX_MAP = 4_000  # characters of a map by hand

Way = Literal["raw", "map", "reason", "map_reason", "map_in", "map_in_reason"]


class MindCubeSettings(Settings):
    """Settings of one run."""

    task: Task = knob("ask", "task", "Ask about one room, ask about many, read files of the released code, or train a small model.",
                      names={"ask": "ask about a room", "evaluate": "ask about many", "file": "your files", "train": "train"})
    model: str = knob("mindcube-mappers", "task", "The vision-language model that is asked.", max_length=300, role="vlm")
    quantisation: Literal["none", "int8", "nf4"] = knob("none", "task", "Weights of a real model: full, 8 or 4 bit.", names=WEIGHTS)
    seed: int = knob(0, "task", "Starts every draw. Equal settings give equal results.", ge=0, le=2**31 - 1)
    configurations: tuple[Config, ...] = knob(
        FOUR, "task", "What the model is given beside the views, and what it has to write before it answers.", min_length=1,
        max_length=len(CONFIGS), names=CONFIG_NAMES, label="Ways of answering")

    scene: str = knob(DRAWN, "scene", "'drawn' draws a held-out room; 'evaluated' the room and the question at that number of an "
                      "evaluation of drawn rooms; else a room as the page writes it.",
                      max_length=MOST_CHARACTERS)
    layout: Layout = knob("among", "scene", "Of drawn rooms: how things stand and cameras look.", names=LAYOUT_NAMES, label="Layout")
    index: int = knob(0, "scene", "Which held-out room of that layout, or which question of an evaluation.", ge=0,
                      le=MOST_QUESTIONS - 1, label="Number of the room")
    wanted: Wanted = knob("any", "question", "What kind of question is asked.", names=WANTED_NAMES, label="Question about")
    number: int = knob(0, "question", "Which of the room's questions of that kind; behind the last comes the first again.", ge=0,
                       le=63, label="Question")

    edit: MapEdit = knob("none", "map", "What is done to the map before the model goes on: to the one that it is given, and to the "
                         "one that is put into its mouth.", label="Change the map")
    map: str = knob("", "map", "A map by hand, as JSON, where the change is 'written'.", max_length=MAX_MAP, label="Map by hand")
    looks: bool = knob(False, "map", "Keep where the model looked while it wrote each word.", label="Where did it look?")
    max_new_tokens: int = knob(1024, "reply", "Longest reply of a real model, in tokens (the released code: 4,096).", ge=1, le=4096,
                               stops=(64, 128, 256, 512, 1024, 2048, 4096), label="Longest reply, in tokens")

    data: str = knob(SCENES, "evaluate", "'scenes': drawn rooms; 'upload:NAME': questions of MindCube in a zip with their images; "
                     "else a folder below ORRERY_DATA_DIR. '#FILE' behind it picks one of several files.", max_length=300,
                     uploads=("zip", "json", "jsonl"))
    families: tuple[Family, ...] = knob(("rotation", "among", "around"), "evaluate", "The paper's settings that are drawn from.",
                                        min_length=1, max_length=3, label="Settings")
    num_questions: int = knob(120, "evaluate", "Questions, drawn evenly over the settings.", ge=6, le=MOST_QUESTIONS,
                              label="Questions")
    rotates: bool = knob(False, "evaluate", "Ask each question again with its options rotated: does the answer stay, or the letter?",
                         label="Rotate the options")

    file: str = knob("", "files", "Questions, prompts, replies or evaluations of MindCube: a zip of the folder, or one file.",
                     max_length=300, uploads=("zip", "json", "jsonl"), upload_mb=4_000, label="MindCube's files")
    part: int = knob(0, "files", "Which of the files that were found, counted from 0.", ge=0, le=1_000, label="File")
    asked_as: Literal["", "raw_qa", "ff_rsn", "aug_cgmap_in", "aug_cgmap_out", "plain_cgmap_out", "aug_cgmap_ffr_out",
                      "plain_cgmap_ffr_out", "cgmap_in_ffr_out"] = knob(
        "", "files", "Which task the replies are of. Empty: as the file's name or its prompts say.", label="Task of the replies")
    item: int = knob(0, "files", "Which row is shown, counted from 0.", ge=0, le=100_000, label="Row")

    way: Way = knob("map_reason", "train", "What the small model learns to do.", label="Learns to",
                    names={"raw": "answer at once", "map": "map, then answer", "reason": "reason, then answer",
                           "map_reason": "map, then reason", "map_in": "answer with a map given",
                           "map_in_reason": "reason with a map given"})
    steps: int = knob(450, "train", "Batches of 96 questions in symbols. 0: none, only what it earns.", ge=0, le=1_500,
                      stops=(0, 150, 300, 450, 750, 1000, 1500), label="Steps")
    iterations: int = knob(0, "train", "After that, rounds of learning from what its own answers earn (GRPO).", ge=0, le=200,
                           label="Rounds of reinforcement")
    temperature: float = knob(0.7, "train", "How freely it answers in those rounds; 0.7 in the paper.", ge=0.1, le=2.0)
    reward: Reward = knob("base", "train", "What a reply earns: 1 for its form and 5 for the right letter, or less of that.",
                          label="Reward")
    continues: str = knob("", "train", "An earlier training of yours that it goes on from.", max_length=200, role="result",
                          none="Begin anew", label="Go on from")

    def named_models(self) -> tuple[NamedModel, ...]:
        """The model that is asked, where one is."""
        return super().named_models() if self.task in ("ask", "evaluate") else ()

    @model_validator(mode="after")
    def _something_is_done(self) -> Self:
        if self.task == "file" and not self.file:
            raise ValueError("there is no file. Bring a zip, .json or .jsonl of MindCube as 'file'")
        if self.task == "train" and not self.steps and not self.iterations:
            raise ValueError("nothing would be learned. Set 'steps' or 'iterations' above 0")
        if self.edit == "written" and not self.map.strip():
            raise ValueError("there is no map by hand. Write one as 'map', or choose another 'edit'")
        return self
