"""Every knob of ERA's page: an episode that is played here, or logs that somebody brought."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from backends.era.context import POLICY_NAMES, Policy
from backends.era.environments import ENVIRONMENTS, World
from backends.era.prompts import Style
from backends.knobs import WEIGHTS, knob
from backends.run import NamedModel, Settings
from models.agents.samples import Prior
from worlds.subsets import EPISODES

Task = Literal["play", "train", "replay"]
Agent = Literal["expert", "trained", "reinforced", "own", "model"]
Subset = Literal["base", "complex_instruction", "visual_appearance", "common_sense", "spatial", "long_horizon"]

Stage = Literal["reinforcement", "prior"]
Begins = Literal["shipped", "nothing"]
Estimator = Literal["turn", "bi", "token"]
Term = Literal["success", "subgoal", "behaviour"]

WORLD_NAMES: dict[World, str] = {"home": "Home: names of skills (EB-ALFRED)", "table": "Table top: seven numbers (EB-Manipulation)"}
AGENT_NAMES: dict[Agent, str] = {"expert": "a scripted expert", "trained": "the trained miniature",
                                 "reinforced": "the miniature after reinforcement",
                                 "own": "one that I trained here", "model": "a model of the ladder"}
STYLE_NAMES: dict[Style, str] = {"benchmark": "EmbodiedBench's: a plan, as JSON", "era": "ERA's: a thought, then one action"}
STAGE_NAMES: dict[Stage, str] = {"reinforcement": "what its turns earn", "prior": "an expert (prior learning)"}
BEGINS_NAMES: dict[Begins, str] = {"shipped": "the shipped miniature", "nothing": "random weights"}
PRIOR_NAMES: dict[Prior, str] = {
    "pictures": "what is seen", "lookups": "looking names up (table top)", "anchored": "anchored in the world",
    "external": "external knowledge", "trajectories": "trajectories with thoughts", "raw": "actions alone"}
ESTIMATOR_NAMES: dict[Estimator, str] = {"turn": "turns (ERA)", "bi": "turns, and tokens within them", "token": "tokens"}
TERM_NAMES: dict[Term, str] = {"success": "the task is done: +3", "subgoal": "a condition is met: +1",
                               "behaviour": "an action fails: -0.5"}
SUBSET_NAMES: dict[Subset, str] = {
    "base": "plain words", "complex_instruction": "with a distraction", "visual_appearance": "by looks", "common_sense": "by use",
    "spatial": "by neighbours", "long_horizon": "two tasks"}
SHIPPED: dict[World, str] = {"home": "shipped:home", "table": "shipped:table"}  # logs that come with the app
SHIPPED_NAMES: dict[World, str] = {"home": "The shipped agents in the fixed homes", "table": "The shipped agent at the fixed tables"}
OWN_TURN = "."  # of the agent itself
MAX_TURNS, MAX_ACTION = 30, 60
MOST_ENTRIES = 2 * MAX_TURNS  # turns, and what goes wrong between them
MAX_INSTRUCTION = 200
MAX_ITERATIONS = 40
LOGS_MB = 400  # of logs with their frames
Entry = Annotated[str, Field(min_length=1, max_length=MAX_ACTION)]


def _mishaps(world: World) -> str:
    """What can go wrong by itself there, as it is written."""
    return ", ".join(f"!{name}" for name in ENVIRONMENTS[world].mishaps)


class EraSettings(Settings):
    """Settings of one run."""

    task: Task = knob("play", "task", "Play an episode in a miniature world, or replay logs of your own.")
    agent: Agent = knob("expert", "task", "Who acts: a script that sees everything, a miniature that was trained here, or a real "
                        "model.", names=AGENT_NAMES)
    seed: int = knob(0, "task", "Starts what the agent draws, where its temperature is above 0.", ge=0, le=2**31 - 1)

    world: World = knob("home", "home", "Where it acts: in a home by the names of skills, or at a table by numbers for a gripper.",
                        names=WORLD_NAMES)
    subset: Subset = knob("base", "home", "How the task is worded. ERA trains on the first three; common sense and neighbours are "
                          "held out.", names=SUBSET_NAMES, label="Wording of the task")
    number: int = knob(0, "home", "Which of the subset's fifty homes or tables.", ge=0, le=EPISODES - 1,
                       label="Home or table")
    instruction: str = knob("", "home", "A task of your own for this home or table, in a sentence. Empty: its own.",
                            max_length=MAX_INSTRUCTION, label="Your own task")

    model: str = knob("smollm2-135m", "model", "The model that acts. One with eyes is shown the picture; a language model is told in "
                      "words what is seen.", max_length=300, role="vlm", also=("language",), listed=("vlm", "language"),
                      only_real=True)
    quantisation: Literal["none", "int8", "nf4"] = knob("none", "model", "Weights of the model: full, 8 or 4 bit.", names=WEIGHTS)
    style: Style = knob("benchmark", "model", "What the model is told, and how it has to answer.", names=STYLE_NAMES, label="Prompt")
    max_new_tokens: int = knob(512, "model", "Longest reply, in tokens. One that is cut off can seldom be read.", ge=1, le=4096,
                               stops=(64, 128, 256, 512, 1024, 2048, 4096), label="Longest reply, in tokens")

    policy: Policy = knob("summary", "agent", "What the agent is given of the turns before. The miniature was trained with its last "
                          "reflection and plan; EmbodiedBench's prompt repeats every action instead.", names=POLICY_NAMES,
                          label="Remembers")
    temperature: float = knob(0.0, "agent", "How freely words are drawn; 0 takes the likeliest.", ge=0, le=2)
    max_turns: int = knob(MAX_TURNS, "agent", "Turns at most. The table top ends after "
                          f"{ENVIRONMENTS['table'].max_steps} by itself.", ge=1, le=MAX_TURNS, label="Turns at most")
    actions: tuple[Entry, ...] = knob((), "turns", "Turn by turn, from the first: '.' lets the agent act, the name of an action is "
                                      f"done by hand, and {_mishaps('home')} let something go wrong. On the table top: seven "
                                      f"numbers, moves such as 'over object 1', 'down', 'close', and {_mishaps('table')}. "
                                      "What follows is the agent's.", max_length=MOST_ENTRIES, label="Turns by hand",
                                      is_by_line=True)
    goes_on: bool = knob(True, "turns", "Whether the agent goes on to the end after them.", label="Goes on after them")

    continues: str = knob("", "earlier", "An earlier training of yours: it goes on from there, or its agent plays.", max_length=200,
                          role="result", none="Start from the shipped miniature", label="Go on from")
    stage: Stage = knob("reinforcement", "stage", "What the miniature learns from: ERA begins with an expert's thoughts and actions, "
                        "and goes on with what its own turns earn.", names=STAGE_NAMES, label="Learns from")
    begins: Begins = knob("shipped", "schooling", "What it begins as.", names=BEGINS_NAMES, label="Begins as")
    priors: tuple[Prior, ...] = knob(("anchored", "trajectories"), "schooling", "What is learned, one after another in this order. "
                                     "Anchored: masked and mixed up actions, and questions; external: what things are for, in text.",
                                     min_length=1, max_length=len(PRIOR_NAMES), names=PRIOR_NAMES, label="Priors, in order")
    samples: int = knob(60, "schooling", "Trajectories of an expert, or samples of the other kinds, for each prior (ERA: 10,000 "
                        "steps).", ge=4, le=2_000, label="Samples of each")
    updates: int = knob(40, "schooling", "Batches that are learned from, for each prior.", ge=1, le=600, label="Updates of each")
    estimator: Estimator = knob("turn", "credit", "What is given one advantage: a turn as a whole, as in ERA, or single tokens.",
                                names=ESTIMATOR_NAMES, label="Advantage of")
    rewards: tuple[Term, ...] = knob(tuple(TERM_NAMES), "credit", "What is paid for.", min_length=1, max_length=len(TERM_NAMES),
                                     names=TERM_NAMES, label="Rewards")
    iterations: int = knob(6, "training", "How often episodes are played and learned from; in the first two the critic learns "
                           "alone.", ge=1, le=MAX_ITERATIONS, label="Iterations")
    episodes: int = knob(16, "training", "Episodes of each iteration, all of the three seen wordings.", ge=3, le=64,
                         label="Episodes per iteration")
    episode_turns: int = knob(12, "training", "Turns of an episode at most (ERA: 30).", ge=1, le=MAX_TURNS,
                              label="Turns of an episode")
    exploration: float = knob(0.8, "credit", "How freely words are drawn while it learns (ERA: 0.5).", ge=0.1, le=2,
                              label="Temperature while it learns")
    gamma: float = knob(0.99, "credit", "How much a turn counts that comes one turn later.", ge=0, le=1, label="Discount (gamma)")
    lam: float = knob(0.99, "credit", "How far rewards are trusted rather than the critic's guess.", ge=0, le=1,
                      label="Trace (lambda)")
    judged: int = knob(10, "training", "Fixed homes or tables of each seen wording that are played before and after, greedily. "
                     "0: none.", ge=0,
                       le=EPISODES, label="Scenes to judge by")

    file: str = knob(SHIPPED["home"], "logs", "Logs of EmbodiedBench, ERA or VAGEN: a zip of their folder, or one of their JSON "
                     "files; or those of the shipped agents.", max_length=300, label="Logs", suggestions=tuple(SHIPPED.values()),
                     uploads=("zip", "json", "jsonl", "txt"), upload_mb=LOGS_MB)
    beside: str = knob("", "logs", "Logs of another agent on the same tasks, to be held beside the first: its runs stand in the same "
                       "list.", max_length=300, label="Logs beside them", uploads=("zip", "json", "jsonl", "txt"), upload_mb=LOGS_MB)
    log: int = knob(0, "logs", "Which run of the logs, counted from 0.", ge=0, le=10_000, label="Run of the logs")
    episode: int = knob(-1, "logs", "Number of the episode that is shown; -1 shows the first.", ge=-1, le=1_000_000,
                        label="Episode of the run")

    def named_models(self) -> tuple[NamedModel, ...]:
        """The ladder's model, where it acts."""
        return super().named_models() if self.task == "play" and self.agent == "model" else ()

    @model_validator(mode="after")
    def _logs_are_there_where_they_are_replayed(self) -> Self:
        if self.task == "replay" and not self.file:
            raise ValueError(f"there are no logs. Bring a zip of their folder as 'file', or choose {SHIPPED['home']!r}")
        return self

    @model_validator(mode="after")
    def _perturbations_exist(self) -> Self:
        known = ENVIRONMENTS[self.world].mishaps
        wrong = next((entry for entry in self.actions if entry.startswith("!") and entry[1:] not in known), None)
        if wrong:
            raise ValueError(f"{wrong!r} is no perturbation. There are {_mishaps(self.world)}")
        return self

    @model_validator(mode="after")
    def _the_world_has_what_is_asked_of_it(self) -> Self:
        world = ENVIRONMENTS[self.world]
        if self.task == "replay":
            return self
        if self.world == "home" and self.task == "train" and "lookups" in self.priors:
            raise ValueError("names are looked up at the table top alone. Choose other priors, or the table top")
        if self.subset not in world.subsets:
            raise ValueError(f"the {world.place} has no wording {SUBSET_NAMES[self.subset]!r}; it has "
                             f"{', '.join(repr(SUBSET_NAMES[name]) for name in SUBSETS if name in world.subsets)}")
        return self


WHY = "Ask why it fails"
SUBSETS: tuple[Subset, ...] = get_args(Subset)

PRESETS: dict[str, tuple[EraSettings, str]] = {  # label: settings, what to notice
    "Watch it work": (EraSettings(agent="trained", number=24),
                      "That the apple is clean is seen in no picture: a network of 0.8 million weights reads it in its own last "
                      "reflection."),
    "Take its memory away": (EraSettings(agent="trained", number=24, policy="none"),
                             "The same network in the same home, told nothing of the turns before: it begins anew at every turn."),
    "Let a door fall shut": (EraSettings(agent="trained", number=24, actions=(".", ".", "!shut")),
                             "The microwave was opened and falls shut by itself: the next picture shows it, and the plan begins "
                             "anew."),
    "Set a table top": (EraSettings(world="table", subset="visual_appearance", number=2, actions=(".", ".", ".", "!drop")),
                        "Seven numbers say where the gripper goes. What it carries falls: the next picture shows it, and the "
                        "expert fetches it anew."),
    "Watch a gripper": (EraSettings(world="table", agent="trained", number=11),
                        "It is told where things lie and not what they are: a network of 0.8 million weights sees which is which, "
                        "and answers in numbers."),
    WHY: (EraSettings(task="replay", log=11),
          "Fifty episodes of the miniature as logs: which actions fail and what it was told then come first, the same homes after "
          "reinforcement stand beside them. The box “Your logs” does the same with yours."),
    "See it fail": (EraSettings(agent="trained", subset="common_sense", number=5),
                    "It read what things are for, but was never shown a task that is worded so: it takes something else, and goes on "
                    "carrying it to and fro."),
}
