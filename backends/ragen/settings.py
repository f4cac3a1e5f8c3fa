"""Every knob of RAGEN's page: a training, a game by hand, the experiment that says why, or logs that somebody brought."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from backends.knobs import WEIGHTS, knob
from backends.run import NamedModel, Settings

Task = Literal["train", "play", "why", "logs"]
Game = Literal["bandit", "lake", "sokoban"]
Algorithm = Literal["ppo", "grpo", "bi"]
Filter = Literal["std", "std_rev", "random", "top_p"]
Player = Literal["beginner", "own", "model", "expert", "random"]
Learner = Literal["beginner", "model"]
Mask = Literal["drawn", "message", "everything"]
Names = Literal["Phoenix, Dragon", "Engineer, Teacher", "Teacher, Engineer", "Trader, Librarian", "Librarian, Trader"]
Learned = Literal["whitened", "mean_std", "mean"]

GAME_NAMES: dict[Game, str] = {"bandit": "Two arms (bandit)", "lake": "Frozen lake", "sokoban": "Sokoban, one box"}
ALGORITHM_NAMES: dict[Algorithm, str] = {"ppo": "PPO: a critic", "grpo": "GRPO: the group's mean",
                                         "bi": "PPO by turns and tokens (bi-level)"}
FILTER_NAMES: dict[Filter, str] = {
    "std": "those that differ most (StarPO-S)", "std_rev": "those that differ least", "random": "any, by chance",
    "top_p": "as many as hold 90 % of the spread (RAGEN-2)"}
PLAYER_NAMES: dict[Player, str] = {"beginner": "the beginner", "own": "one that I trained here", "model": "a model of the ladder",
                                   "expert": "a script that knows best", "random": "chance"}
LEARNER_NAMES: dict[Learner, str] = {"beginner": "the game's beginner (miniature)", "model": "a model of the ladder, by an adapter"}
MASK_NAMES: dict[Mask, str] = {"drawn": "what the player drew", "message": "its whole message, role and forced beginning too",
                               "everything": "what the game says, too (RAGEN's first code)"}
LEARNED_NAMES: dict[Learned, str] = {"whitened": "PPO: whitened over the batch", "mean_std": "GRPO: the group's mean and spread",
                                     "mean": "the group's mean alone"}
RATE_STOPS = (0.0, 0.00001, 0.00003, 0.0001, 0.0003, 0.0005, 0.001, 0.002, 0.005, 0.01)
OWN_TURN = "."
MAX_ITERATIONS, MAX_EPISODES, MAX_TURNS = 400, 512, 10
MAX_ENTRY = 120
LOGS_MB = 400
Entry = Annotated[str, Field(min_length=1, max_length=MAX_ENTRY)]


class RagenSettings(Settings):
    """Settings of one run."""

    task: Task = knob("train", "task", "Train a small player, play a game turn by turn, ask why a filter helps, or read logs of your "
                      "own.")
    seed: int = knob(0, "task", "Starts what is drawn: what the player says, and chance in the games.", ge=0, le=2**20)

    learner: Learner = knob("beginner", "learner", "What is trained: a small network as a whole, or a real language model, whose own "
                            "weights stay as they are.", names=LEARNER_NAMES, label="Who learns")
    model: str = knob("smollm2-135m", "model", "The language model that plays, or learns.", max_length=300, role="language",
                      only_real=True)
    quantisation: Literal["none", "int8", "nf4"] = knob("none", "model", "Weights of the model: full, 8 or 4 bit. Its adapter is in "
                                                        "32 bits.", names=WEIGHTS)
    rank: int = knob(16, "model", "Rank of the adapter that learns in place of the model's weights (LoRA; paper 64).", ge=1, le=128,
                     stops=(1, 2, 4, 8, 16, 32, 64, 128), label="Rank of the adapter")
    max_new_tokens: int = knob(128, "model", "Longest reply of the model, in tokens (paper 400). One that is cut off has no answer.",
                               ge=1, le=512, stops=(16, 32, 64, 128, 256, 400, 512), label="Longest reply of the model")

    game: Game = knob("bandit", "game", "What is played.", names=GAME_NAMES)
    names: Names = knob("Phoenix, Dragon", "bandit", "The arm that pays little for certain, and the one that pays 1 now and then.",
                        label="Names of the arms")
    chance: float = knob(0.25, "bandit", "How often the risky arm pays 1.", ge=0, le=1, label="Chance of the risky arm")
    safe: float = knob(0.15, "bandit", "What the other arm always pays (paper 0.15, released code 0.1).", ge=0, le=1,
                       label="Pay of the safe arm")
    shared_noise: bool = knob(False, "game", "Whether equal actions meet equal chance in all episodes of a group, as in RAGEN's "
                              "first code.", label="One chance for a group")
    grip: float = knob(0.8, "lake", "How often a step on the ice goes where it is meant (gymnasium: 1/3).", ge=0.01, le=1,
                       label="Grip of the ice")
    frozen: float = knob(0.8, "lake", "Chance of a cell to be ice and no hole.", ge=0.5, le=1, label="Share of ice")

    thinks: bool = knob(True, "reply", "Whether a thought comes before the answer.", label="Thinks first")
    turns: int = knob(3, "reply", "Turns of an episode at most (paper 5). The bandit has one.", ge=1, le=MAX_TURNS)
    actions_per_turn: int = knob(5, "reply", "Actions of one answer at most; those after them are dropped.", ge=1, le=10,
                                 label="Actions of a turn")
    budget: int = knob(10, "reply", "Actions of a whole episode at most.", ge=1, le=30, label="Actions of an episode")
    penalty: float = knob(-0.1, "reply", "What a turn costs whose answer cannot be read, or names something unknown. Credit by turns "
                          "and tokens does not learn from it, as in RAGEN's code.", ge=-1, le=0, label="Penalty for bad form")
    max_tokens: int = knob(0, "reply", "Longest reply of a turn, in tokens. One that is cut off has no answer. 0: as the game needs, "
                           "28 for two arms, 40 on the lake, 48 in Sokoban.", ge=0, le=64, label="Longest reply, in tokens")

    algorithm: Algorithm = knob("ppo", "credit", "What a reply is compared with.", names=ALGORITHM_NAMES)
    filtered: Filter = knob("std", "filter", "Which groups are learned from, by the spread of their scores.", names=FILTER_NAMES,
                            label="Keeps")
    ratio: float = knob(1.0, "filter", "Share of the groups that is kept (StarPO 1, StarPO-S 0.25).", ge=0.01, le=1,
                        label="Share kept")
    skips_flat: bool = knob(False, "filter", "No step where no group has any spread.", label="Skips flat iterations")
    clip_low: float = knob(0.2, "credit", "How far the chance of a token may fall in one iteration.", ge=0, le=1, label="Clip below")
    clip_high: float = knob(0.2, "credit", "How far it may rise (StarPO-S 0.28).", ge=0, le=2, label="Clip above")
    kl: float = knob(0.001, "credit", "How much it costs to move away from the beginner (StarPO-S 0).", ge=0, le=1,
                     stops=(0.0, 0.0003, 0.001, 0.003, 0.01, 0.1, 1.0),
                     label="Pull to the start (KL)")
    entropy: float = knob(0.001, "credit", "How much it is worth to stay undecided.", ge=0, le=0.1,
                          stops=(0.0, 0.0003, 0.001, 0.003, 0.01, 0.1), label="Entropy bonus")
    turn_gamma: float = knob(0.95, "credit", "How much the next turn counts, where credit is by turns and tokens.", ge=0, le=1,
                             label="Discount of turns")

    learns_from: Mask = knob("drawn", "credit", "Which tokens are learned from. No reward says anything of those that the player did "
                             "not draw: the monitor warns.", names=MASK_NAMES, label="Learns from")
    cleans: bool = knob(False, "credit", "Replies are written anew from the parts that were read, as in RAGEN's code, and learned "
                        "from so, whatever was drawn.", label="Cleaned replies")

    groups: int = knob(8, "batch", "Starts of an iteration.", ge=1, le=32, label="Starts (P)")
    members: int = knob(16, "batch", "How often each start is played.", ge=1, le=32, label="Episodes of each (N)")
    slice: int = knob(32, "batch", "Episodes of one step.", ge=1, le=256, label="Episodes of a step (E)")
    passes: int = knob(1, "batch", "How often each episode is learned from.", ge=1, le=4, label="Passes")
    updates: int = knob(1, "batch", "Updates on other episodes of the same, ageing player (Online-k).", ge=1, le=10,
                        label="Updates of one collection (k)")
    temperature: float = knob(1.0, "batch", "How freely words are drawn.", ge=0.1, le=2)
    actor_rate: float = knob(1e-3, "batch", "How far a step goes (paper 0.000001, for half a billion weights; 0.00001 with an "
                             "adapter).", ge=0, le=0.01,
                             stops=RATE_STOPS, label="Learning rate of the player")
    critic_rate: float = knob(2e-3, "batch", "The same of the critic.", ge=0, le=0.01, stops=RATE_STOPS,
                              label="Learning rate of the critic")
    iterations: int = knob(60, "training", "How often episodes are played and learned from.", ge=1, le=MAX_ITERATIONS)
    validation: int = knob(0, "training", "Fixed starts that are played every ten iterations, at temperature 0.5. 0: none.", ge=0,
                           le=256, label="Fixed starts to judge by")
    continues: str = knob("", "earlier", "An earlier training of yours: it goes on from there, or its player plays.", max_length=200,
                          role="result", none="Begin with the beginner", label="Go on from")

    player: Player = knob("beginner", "player", "Who plays where no turn is by hand.", names=PLAYER_NAMES)
    start: int = knob(0, "player", "Which of the 256 fixed starts.", ge=0, le=255)
    entries: tuple[Entry, ...] = knob((), "turns", "Turn by turn: '.' lets the player act; actions are done by hand, several with "
                                      "|| between them. What follows is the player's.", max_length=MAX_TURNS,
                                      label="Turns by hand", is_by_line=True)

    share: float = knob(0.5, "lab", "How often the policy pulls the risky arm before the step.", ge=0.01, le=0.99,
                        label="Share of the risky arm")
    learned: Learned = knob("whitened", "lab", "How rewards become advantages: whitened over the batch (PPO), by the group's mean "
                            "and spread (GRPO), or by its mean alone.", names=LEARNED_NAMES, label="Advantage")
    repeats: int = knob(2000, "lab", "How often the experiment is done.", ge=100, le=10_000,
                        stops=(200, 500, 1000, 2000, 4000, 10_000))

    file: str = knob("", "logs", "Logs of RAGEN, verl, TRL or VAGEN: a zip, or one of their files.", max_length=300, label="Logs",
                     uploads=("zip", "json", "jsonl", "csv", "parquet", "txt"), upload_mb=LOGS_MB)
    at: int = knob(-1, "logs", "Iteration whose episodes are shown; -1 is the first.", ge=-1, le=10_000_000,
                   label="Iteration of the logs")
    group: int = knob(-1, "logs", "Group of the episodes that are shown; -1 is the first.", ge=-1, le=10_000_000,
                      label="Group of the logs")

    @property
    def has_model(self) -> bool:
        """Whether a model of the ladder plays or learns."""
        return (self.task == "train" and self.learner == "model") or (self.task == "play" and self.player == "model")

    def named_models(self) -> tuple[NamedModel, ...]:
        """The ladder's model, where it plays or learns."""
        return super().named_models() if self.has_model else ()

    @model_validator(mode="after")
    def _an_iteration_is_no_larger_than_it_may_be(self) -> Self:
        if self.task == "train" and self.groups * self.members * self.updates > MAX_EPISODES:
            raise ValueError(f"{self.groups * self.members * self.updates} episodes in one iteration are too many. At most "
                             f"{MAX_EPISODES}: take fewer starts, or fewer episodes of each")
        return self

    @model_validator(mode="after")
    def _logs_are_there_where_they_are_read(self) -> Self:
        if self.task == "logs" and not self.file:
            raise ValueError("there are no logs. Bring a zip of them as 'file'")
        return self
