"""Makes the players that trainings of RAGEN begin with: `python -m models.recipes.ragen_players [--game bandit] [--out FOLDER]`.

Each learns to say what a script says that plays badly on purpose, so that reinforcement has something to find. Measured on the fixed
starts of validation, which are in no demonstration and in no training.
"""

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from models.catalogue import MINIATURES
from models.gamers.acting import play
from models.gamers.beginners import BEGINNERS, Beginner, endless
from models.gamers.learning import fresh_player, learn
from models.gamers.turns import Rules
from models.recipes.ragen_players import card
from worlds.games.seeds import validation_seeds

TEMPERATURES = (0.5, 1.0)  # RAGEN's of validation and of training


def measured(model: LlamaForCausalLM, beginner: Beginner) -> list[dict[str, float]]:
    """What it comes to on the fixed starts, at both temperatures; shares are 0 to 1."""
    found = []
    for temperature in TEMPERATURES:
        played = play(model, beginner.games[0], Rules(max_actions=beginner.most), validation_seeds(), turns=beginner.turns,
                      max_tokens=beginner.max_tokens, temperature=temperature)
        replies = [info["reply"] for episode in played for info in episode.outcomes]
        found.append({"temperature": temperature, "episodes": len(played),
                      "success": float(np.mean([bool(episode.info["success"]) for episode in played])),
                      "valid": float(np.mean([reply.is_valid for reply in replies])),
                      "reward": float(np.mean([sum(episode.rewards) for episode in played])),
                      "distinct": len({reply.thought for reply in replies}) / len(replies)})
        print(found[-1], flush=True)
    return found


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", choices=list(BEGINNERS), help="one of them; else all")
    parser.add_argument("--out", type=Path, help="the folder that theirs are put into; else that of the miniatures")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    for game in ([given.game] if given.game else BEGINNERS):
        beginner, started, cpu = BEGINNERS[game], time.monotonic(), time.process_time()
        model = fresh_player(beginner.size, seed=given.seed)
        for update, loss in enumerate(learn(model, beginner.size, endless(beginner, seed=given.seed), updates=beginner.updates), 1):
            if update % 50 == 0:
                print(f"{game}, update {update} of {beginner.updates}: {loss:.3f} nats", flush=True)
        minutes = (time.monotonic() - started) / 60, (time.process_time() - cpu) / 60
        card.write((given.out or MINIATURES) / f"ragen-{game}", model, game, beginner, seed=given.seed, minutes=minutes,
                   scored=measured(model, beginner), sizes=asdict(beginner.size))


if __name__ == "__main__":
    main()
