"""Players that learned nothing, or next to nothing: real networks, made in a moment."""

from functools import cache
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from backends.ragen.games import PLAYERS
from models.gamers.beginners import BEGINNERS, endless
from models.gamers.learning import fresh_player, learn
from models.gamers.words import tokenizer
from models.training.language import Training

TINY = Training(hidden=32, layers=1, heads=2, mlp=48, learning_rate=1e-2, batch=16, weight_decay=0.0)


def tiny(seed: int = 0) -> LlamaForCausalLM:
    """A network of random weights, which says anything at all."""
    return fresh_player(TINY, seed=seed).eval()


@cache
def _taught(game: str, updates: int) -> LlamaForCausalLM:
    torch.set_num_threads(1)
    model = fresh_player(TINY)
    for _ in learn(model, TINY, endless(BEGINNERS[game]), updates=updates):
        pass
    return model


def taught(game: str = "bandit", updates: int = 120) -> LlamaForCausalLM:
    """A copy of a network that learned from a few demonstrations, so that some of its replies can be read."""
    model = LlamaForCausalLM(_taught(game, updates).config)
    model.load_state_dict(_taught(game, updates).state_dict())
    return model.eval()


def save_players(folder: Path) -> None:
    """A player of random weights for every game, by the beginner's name."""
    for name in PLAYERS.values():
        tiny().save_pretrained(folder / name)
        tokenizer().save_pretrained(folder / name)
