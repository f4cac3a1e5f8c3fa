"""The settings of a training as one Python file for TRL's GRPOTrainer, which runs as it is, without Orrery.

The file is put together from three kinds of text: constants made from the settings; what a script alone needs, which lies in the
folder `parts`; and pieces of our own modules (how replies are read, how a lake and a room are drawn, which groups are kept), so
that a seed is the same game there as here. Before it trains it checks itself: one row per prompt received, masked tokens without a
gradient. Written for TRL 1.16, whose `rollout_func` is marked experimental.

What differs from RAGEN: TRL has no critic, so the baseline is the mean of the group; its divergence is k3 and a part of the loss.
Groups are left out by masking all of their tokens, which TRL's mean over tokens then does not count.
"""

from collections.abc import Iterator
from math import ceil
from textwrap import wrap

from backends.ragen import filters
from backends.ragen.exports.real import (
    DUAL_CLIP,
    FIRST_SEED,
    LORA_RATE,
    MODEL,
    Missing,
    groups_played,
    missing_lines,
    model_of,
    rank_of,
    real_value,
    said,
    scaled,
)
from backends.ragen.exports.sources import part, picked
from backends.ragen.games import new_game, rules_of, turns_of
from backends.ragen.settings import GAME_NAMES, RagenSettings
from worlds.errors import InputError
from worlds.games import replies, texts
from worlds.games.bandit.names import PAIRS
from worlds.games.frozen_lake import maps, table
from worlds.games.frozen_lake import state as lake_state
from worlds.games.sokoban import env, moves, rooms
from worlds.games.sokoban import state as room_state

VERSION = "1.16"
WIDTH = 110


def trl_script(settings: RagenSettings) -> str:
    """Return the file.

    Raises:
        InputError: there is nothing to compare an episode with.
    """
    if settings.members < 2:
        raise InputError("GRPO compares the episodes of one start. It needs 2 or more of each, not 1.")
    head = part("head") if settings.game == "sokoban" else part("head").replace("Iterator, ", "")  # what draws rooms yields
    parts = ["\n\n".join([_header(settings), head, "\n".join(_constants(settings))]),
             picked(texts), picked(replies, without=("FORMAT_PENALTY", "SEPARATOR", "penalty_of")),
             *_game(settings), part("game"),
             picked(filters, ("Filter", "Flat", "NO_SPREAD", "SELECTION_EPSILON", "spread", "chosen", "_by_sum")),
             part("play"), part("checks"), part("main")]
    return "\n\n\n".join(parts) + "\n"


def _header(settings: RagenSettings) -> str:
    return f'''"""StarPO on {GAME_NAMES[settings.game]!r} with TRL's GRPOTrainer, made by Orrery. Written for TRL {VERSION}.

    pip install torch transformers trl datasets        # and peft for --lora
    python this.py --check                             # plays on the model, checks itself, and ends
    python this.py [--model {MODEL}] [--lora] [--out starpo]

Weights are kept in 32 bits and worked with in 16 on a GPU. One process needs no launcher; `accelerate launch` is for more.
Replies are drawn by transformers, many episodes at once, and not by vLLM. Who rarely writes the form that is asked for earns the same
penalty everywhere, and learns nothing: begin with a model that follows instructions.
TRL marks `rollout_func` as experimental: with another version, see whether --check and the first lines of the training say ok.
"""'''


def _constants(settings: RagenSettings) -> Iterator[str]:
    """What the script is told, each setting above what it became."""
    is_bandit, is_grpo = settings.game == "bandit", settings.algorithm == "grpo"
    yield "# What Orrery was set to, and what that is called here."
    is_model = settings.learner == "model"
    yield from _said(settings, "learner, model, rank", f"MODEL, LORA, LORA_RANK, LORA_RATE = {model_of(settings)!r}, {is_model}, "
                     f"{rank_of(settings)}, {1 if is_model else LORA_RATE}", "the rate is meant for an adapter" if is_model else
                     "the paper's; LORA_RATE: how many times faster an adapter learns")
    yield from _said(settings, "seed", f"SEED, FIRST_SEED = {settings.seed}, {FIRST_SEED}  # of what is drawn; of the first game")
    game = new_game(settings)()
    yield from _said(settings, "game", f"STREAM = {game.stream}  # keeps the chance of one game apart from another's")
    yield "INSTRUCTION = ("
    yield from (f"    {line!r}" for line in _wrapped(game.instruction))
    yield ")"
    yield from _said(settings, "shared_noise", f"SHARED_NOISE = {settings.shared_noise}")
    if is_bandit:
        pair = PAIRS[settings.names]
        yield from _said(settings, "names", f"SAFE_ARM, RISKY_ARM, SYMBOLS = {pair.low!r}, {pair.high!r}, {{}}")
        yield from _said(settings, "safe, chance", f"SAFE_PAYS, RISKY_CHANCE = {settings.safe}, {settings.chance}")
    if settings.game == "lake":
        yield from _said(settings, "frozen, grip", f"FROZEN_SHARE, GRIP = {settings.frozen}, {settings.grip}")
    yield from _said(settings, "thinks", f"THINKS = {settings.thinks}")
    yield from _said(settings, "turns, actions_per_turn, budget", f"TURNS, ACTIONS_PER_TURN, BUDGET = {turns_of(settings)}, "
                     f"{rules_of(settings).max_actions}, {game.max_actions}", "the bandit has one of each" if is_bandit else "")
    yield from _said(settings, "penalty", f"PENALTY = {settings.penalty}")
    yield from _said(settings, "max_tokens, max_new_tokens", f"MAX_TOKENS = {real_value(settings, 'max_tokens'):.0f}",
                     scaled(settings))
    yield from _said(settings, "algorithm", f"SCALE = {'group' if is_grpo else 'batch'!r}", "" if is_grpo else
                     "NOT THE SAME: no critic here; the group's mean is the baseline, and the spread of the batch the scale")
    yield from _said(settings, "clip_low, clip_high", f"CLIP_LOW, CLIP_HIGH, DUAL_CLIP = {settings.clip_low}, {settings.clip_high}, "
                     f"{DUAL_CLIP}")
    yield from _said(settings, "kl, entropy", f"KL, ENTROPY = {settings.kl}, {settings.entropy}",
                     "TRL's divergence is k3, in the loss")
    yield from _said(settings, "actor_rate", f"RATE = {real_value(settings, 'actor_rate'):g}",
                     scaled(settings))
    yield from _said(settings, "temperature", f"TEMPERATURE = {settings.temperature}")
    yield from _filter(settings)
    episodes, steps = groups_played(settings) * settings.members, steps_of(settings)
    yield from _said(settings, "groups, updates, members", f"EPISODES, MEMBERS = {episodes}, {settings.members}", "of an iteration")
    yield from _said(settings, "slice, passes", f"UPDATES, PASSES = {steps}, {settings.passes}",
                     f"steps of {settings.slice} kept episodes, as near as {episodes} can be parted evenly")
    yield from _said(settings, "iterations", f"ITERATIONS = {settings.iterations}")
    yield from missing_lines(settings, _missing(settings))


def _filter(settings: RagenSettings) -> Iterator[str]:
    is_random = settings.filtered == "random"
    kind, ratio = ("std", 1.0) if is_random else (settings.filtered, settings.ratio)
    filters_any = kind == "top_p" or ratio < 1 or settings.skips_flat
    yield from _said(settings, "filtered, ratio", f"FILTERS, KEEPS, RATIO = {filters_any}, {kind!r}, {ratio}",
                     "by chance is as good as fewer starts, so fewer are played" if is_random else "")
    yield from _said(settings, "skips_flat", f"SKIPS_FLAT = {settings.skips_flat}",
                     "such a step has no gradient here; Adam's momentum still moves" if settings.skips_flat else "")


def steps_of(settings: RagenSettings) -> int:
    """Optimiser steps of one pass: those of as many kept episodes, as far as the played ones can be parted so."""
    groups = groups_played(settings)
    leaves_out = settings.filtered in ("std", "std_rev")
    kept = max(1, int(settings.ratio * groups)) if leaves_out else groups
    wanted = ceil(kept * settings.members / settings.slice)
    episodes = groups * settings.members
    return next(steps for steps in range(wanted, 0, -1) if episodes % steps == 0)


def _said(settings: RagenSettings, names: str, line: str, remark: str = "") -> Iterator[str]:
    yield f"# {said(settings, names.split(', '))}{f' ({remark})' if remark else ''}"
    yield line


def _missing(settings: RagenSettings) -> Iterator[Missing]:
    yield Missing(("critic_rate", "turn_gamma"), "TRL's GRPO has no critic, and one advantage for a whole episode")
    yield Missing(("validation",), "play the games of the seeds from 123 on with the model that was saved")
    yield Missing(("learns_from", "cleans"), "what the model drew is learned from, as it drew it")
    yield Missing(("quantisation",), "weights are in 32 bits here")
    yield Missing(("continues",), "begin with --model and the folder of what was trained")
    others = {"bandit": ("names", "chance", "safe"), "lake": ("frozen", "grip")}
    for game, names in others.items():
        if game != settings.game:
            yield Missing(names, f"they belong to another game than {settings.game}")


def _game(settings: RagenSettings) -> Iterator[str]:
    """The game's own rules; a state is written by `state_text`, for a reply is `written` too."""
    if settings.game == "bandit":
        yield part("bandit")
        return
    yield part("board")
    yield part(f"{settings.game}_state")
    shown = ("written", "state_text")
    if settings.game == "lake":
        yield picked(lake_state, ("START", "LEAST", "SYMBOLS", "_SHOWN", "_STEPS"))
        yield picked(table, ("ACTIONS",))
        yield picked(lake_state, ("under", "find", "has_way", "written"), renamed=shown)
        yield picked(maps, ("SIDE", "_ATTEMPTS", "draw_lake"))
    else:
        yield picked(room_state, ("WALL", "_MEANINGS", "SYMBOLS"))
        yield picked(env, ("STEP",))
        yield picked(room_state, ("on_targets", "is_solved", "written"), renamed=shown)
        yield picked(moves)
        yield picked(rooms)
    yield part(settings.game)


def _wrapped(text: str) -> list[str]:
    """A text in pieces that make it again when they are put together."""
    lines = wrap(text, WIDTH)
    assert " ".join(lines) == text, "our instructions have single spaces"
    return [*(f"{line} " for line in lines[:-1]), lines[-1]]
