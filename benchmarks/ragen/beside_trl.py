"""How fast and how large a training is beside a plain loop of TRL's GRPOTrainer on the same network, game, seeds and batches.

Both play the bandit with its shipped beginner, GRPO without a pull to the start, in processor seconds of one thread, each in a
process of its own. TRL draws by transformers' own `generate`, as it does without vLLM; one turn of a game is all that it can play so,
and what a reply earns is worked out by our game in both. Where TRL is not installed, a sentence says so.
"""

import importlib.util
import logging
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import process_time

import torch

from backends.ragen.games import PLAYERS, new_game, rules_of, tokens_of
from backends.ragen.results import Training
from backends.ragen.run import run
from backends.ragen.settings import RagenSettings
from backends.run import Inputs
from models.catalogue.miniatures import MINIATURES
from models.gamers.turns import Turns
from models.gamers.words import END, ids_of, tokenizer, words_of
from worlds.games.seeds import training_seeds

TIMED = 20  # iterations, behind a first one that is not timed
SETTINGS = RagenSettings(algorithm="grpo", kl=0.0, iterations=TIMED + 1)
WANTED = 2.0  # times as many tokens a second


@dataclass(frozen=True)
class Loop:
    """What one loop took.

    Attributes:
        seconds: of a processor, for the timed iterations.    tokens: that were drawn in them.    peak_mb: of its process.
    """

    seconds: float
    tokens: int
    peak_mb: float

    @property
    def per_second(self) -> float:
        return self.tokens / self.seconds


def ours(settings: RagenSettings = SETTINGS) -> Loop:
    """A training as the page runs it, words and measures of every iteration included."""
    torch.set_num_threads(1)
    began, newest = 0.0, Training()
    for event in run(settings, Inputs()):
        if isinstance(event, Training):
            newest = event
            began = began or process_time()
    taken = process_time() - began
    tokens = sum((one.tokens or 0) * settings.groups * settings.members for one in newest.metrics[1:])
    return Loop(taken, round(tokens), _peak_mb())


def trl(settings: RagenSettings = SETTINGS) -> Loop:
    """The same by GRPOTrainer, with nothing beside it: no logs, no checkpoints, no gradient checkpointing."""
    os.environ |= {"TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_OFFLINE": "1"}
    from datasets import Dataset
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    episodes, drawn, began = settings.groups * settings.members, list[int](), list[float]()
    words = tokenizer()
    words.backend_tokenizer.post_processor = TemplateProcessing(single="$A", special_tokens=[])  # no <bos>, as our players read it
    words.eos_token = END
    seeds = [seed for index in range(settings.iterations) for seed in training_seeds(index, settings.groups)]

    def score(completions: list[str], completion_ids: list[list[int]], seed: list[int], **_: object) -> list[float]:
        drawn.append(sum(map(len, completion_ids)))
        earned = []
        for place, (ids, own) in enumerate(zip(completion_ids, seed)):
            game = Turns(new_game(settings)(), rules_of(settings), member=place % settings.members)
            game.reset(seed=own)
            earned.append(game.step(f"<think>{words_of(ids).removesuffix(END)}")[1])
        return earned

    class Clock(TrainerCallback):
        def on_step_end(self, args: object, state: object, control: object, **_: object) -> None:
            if state.global_step == episodes // settings.slice:  # type: ignore[attr-defined]
                began.append(process_time())

    with tempfile.TemporaryDirectory() as folder:
        model = AutoModelForCausalLM.from_pretrained(MINIATURES / PLAYERS[settings.game], dtype=torch.float32)
        config = GRPOConfig(
            output_dir=folder, seed=settings.seed, max_steps=settings.iterations * episodes // settings.slice,
            num_generations=settings.members, generation_batch_size=episodes, per_device_train_batch_size=settings.slice,
            learning_rate=settings.actor_rate, lr_scheduler_type="constant", weight_decay=0.01, max_grad_norm=1.0, loss_type="dapo",
            scale_rewards="group", beta=0.0, entropy_coef=settings.entropy, epsilon=settings.clip_low, temperature=1.0,
            max_completion_length=tokens_of(settings), shuffle_dataset=False, use_vllm=False, bf16=False, use_cpu=True,
            gradient_checkpointing=False, report_to="none", logging_strategy="no", save_strategy="no", disable_tqdm=True)
        trainer = GRPOTrainer(model=model, processing_class=words, args=config, reward_funcs=[score], callbacks=[Clock()],
                              train_dataset=Dataset.from_list([{"prompt": shown(settings, seed), "seed": seed} for seed in seeds]))
        trainer.train()
    return Loop(process_time() - began[0], sum(drawn[1:]), _peak_mb())


def shown(settings: RagenSettings, seed: int) -> str:
    """What a player reads of a game."""
    _, info = Turns(new_game(settings)(), rules_of(settings)).reset(seed=seed)
    assert ids_of(info["shown"]), "every game is told in words"
    return str(info["shown"])


def section() -> str:
    """Both, one after another."""
    loops = {"Orrery": alone(ours)}
    if importlib.util.find_spec("trl") and importlib.util.find_spec("datasets"):
        loops["TRL"] = alone(trl)
    return told(loops)


def told(loops: dict[str, Loop]) -> str:
    """The sentences and rows of what was measured."""
    from benchmarks.tables import markdown

    rows = [(name, f"{TIMED / one.seconds:.2f}", f"{one.per_second:,.0f}", f"{one.peak_mb:,.0f}") for name, one in loops.items()]
    head = ("loop", "iterations a second", "tokens drawn a second", "peak memory of the process, MB")
    if "TRL" not in loops:
        said = "TRL is not installed where this ran (`pip install trl datasets`), so nothing stands beside it.\n"
    else:
        from importlib.metadata import version

        times = loops["Orrery"].per_second / loops["TRL"].per_second
        is_reached = "reached" if times >= WANTED else "NOT reached"
        said = (f"TRL {version('trl')}: {times:.1f} times as many tokens a second here; wanted were at least {WANTED:g} times, which "
                f"is {is_reached}.\n")
    return ("### RAGEN: beside TRL\n\nGRPO without a pull to the start, the bandit with its beginner, 8 starts x 16 episodes, steps "
            f"of {SETTINGS.slice}, {TIMED} iterations behind a first one, in processor seconds of one thread, learning included.\n"
            f"{said}\n{markdown(head, rows)}")


def alone(loop: Callable[[], Loop]) -> Loop:
    """What a loop took in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(loop).result()


def _peak_mb() -> float:
    """The most memory that this process ever had at once: of itself alone, which `getrusage` does not tell of a child."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1e3 * 1.024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / 1e6 if sys.platform == "darwin" else most / 1e3 * 1.024
