"""Asks a scene miniature every question at many alphas at once and says what AdaptVis would gain (arXiv 2503.01773).

Only the last row of attention changes with alpha, so keys and values of all earlier tokens are computed once and the last token
alone is run again: the image columns of its logits are multiplied by alpha in every layer and head. Settings are chosen on
validation scenes and counted on others; intervals resample whole sets of scenes and, where there are several, training seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerBase
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from models.recipes.scenes_tower import normalised
from models.recipes.scenes_vlm import encode
from worlds.scene_pictures import pictures
from worlds.scenes import Scene, relation_question

ALPHAS = (0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
BETAS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 1.01)
ONE = ALPHAS.index(1.0)
_CHUNK = 200  # scenes at a time


@dataclass(frozen=True)
class Sweep:
    """What one model says about scenes at every alpha; the scenes of a set lie side by side."""

    probabilities: np.ndarray  # (alphas, scenes, 4) of the options, over the whole vocabulary
    confidence: np.ndarray  # (scenes,) the largest probability of all words at alpha = 1
    truth: np.ndarray  # (scenes,) index of the right option
    bos_mass: np.ndarray  # (layers,) mean attention of the last row on <s> at alpha = 1
    image_mass: np.ndarray  # (layers,) the same on the picture
    image_logit: np.ndarray  # (layers,) mean logit of the image columns

    @property
    def right(self) -> np.ndarray:
        """(alphas, scenes) whether the likeliest option is the true one."""
        return self.probabilities.argmax(2) == self.truth


@dataclass(frozen=True)
class Setting:
    """An AdaptVis setting: alpha_low below the confidence beta, alpha_high from it on."""

    alpha_low: float
    alpha_high: float
    beta: float

    def apply(self, sweep: Sweep) -> np.ndarray:
        """Return (scenes,) whether the answers are right."""
        low, high = (sweep.right[ALPHAS.index(alpha)] for alpha in (self.alpha_low, self.alpha_high))
        return np.where(sweep.confidence < self.beta, low, high)


@torch.no_grad()
def sweep(
    model: LlavaForConditionalGeneration,
    tokenizer: PreTrainedTokenizerBase,
    scenes: Sequence[Scene],
    *,
    alphas: Sequence[float] = ALPHAS,
) -> Sweep:
    """Return the answers to the relation questions of scenes of one layout."""
    parts = [_sweep_chunk(model, tokenizer, list(scenes[start : start + _CHUNK]), alphas) for start in range(0, len(scenes), _CHUNK)]
    options = relation_question(scenes[0]).options
    sizes = np.array([part[0].shape[1] for part in parts]) / len(scenes)
    masses = np.tensordot(sizes, np.stack([part[2].numpy() for part in parts]), 1)  # (chunks) x (chunks, 3, layers) -> (3, layers)
    return Sweep(
        probabilities=torch.cat([part[0] for part in parts], dim=1).numpy(),
        confidence=torch.cat([part[1] for part in parts]).numpy(),
        truth=np.array([options.index(scene.relation) for scene in scenes]),
        bos_mass=masses[0],
        image_mass=masses[1],
        image_logit=masses[2],
    )


def _sweep_chunk(
    model: LlavaForConditionalGeneration, tokenizer: PreTrainedTokenizerBase, scenes: list[Scene], alphas: Sequence[float]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return (alphas, scenes, 4) probabilities, (scenes,) confidence and (3, layers) masses and logits at alpha = 1."""
    vision: Any = model.config.vision_config
    image_tokens = (vision.image_size // vision.patch_size) ** 2
    questions = [relation_question(scene) for scene in scenes]
    ids = encode(tokenizer, questions, image_tokens, answered=False)
    pixels = normalised(pictures(scenes, vision.image_size, grain_px=vision.image_size))
    prefix = model.model(input_ids=ids[:, :-1], pixel_values=pixels, use_cache=True).past_key_values
    words = tokenizer.convert_tokens_to_ids(list(questions[0].options))
    columns = slice(1, 1 + image_tokens)
    logits, taps = _last_pass(model, prefix, ids[:, -1], 1.0, columns)
    rows = [_last_pass(model, prefix, ids[:, -1], alpha, columns)[0].softmax(-1)[:, words] for alpha in alphas]
    return torch.stack(rows), logits.softmax(-1).amax(-1), taps


def _last_pass(
    model: LlavaForConditionalGeneration, prefix: Any, last_ids: Tensor, alpha: float, columns: slice
) -> tuple[Tensor, Tensor]:
    """Return (scenes, vocabulary) logits of the last token with its image columns times alpha, and (3, layers) taps."""
    language = model.model.language_model
    hidden_states = language.embed_tokens(last_ids)[:, None]
    layers = prefix.layers
    turn = language.rotary_emb(hidden_states, torch.full((1, 1), layers[0].keys.shape[2]))
    taps = []
    for layer, cached in zip(language.layers, layers, strict=True):
        attention, normed = layer.self_attn, layer.input_layernorm(hidden_states)
        shape = (len(last_ids), 1, -1, attention.head_dim)
        query, key, value = (
            project(normed).view(shape).transpose(1, 2) for project in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        query, key = apply_rotary_pos_emb(query, key, *turn)
        keys, values = torch.cat([cached.keys, key], dim=2), torch.cat([cached.values, value], dim=2)
        scores = query @ keys.transpose(2, 3) * attention.scaling  # (scenes, heads, 1, tokens)
        raw = scores[..., columns].mean()
        scores[..., columns] *= alpha
        weights = scores.softmax(-1)
        taps.append(torch.stack([weights[..., 0].mean(), weights[..., columns].sum(-1).mean(), raw]))
        mixed = (weights @ values).transpose(1, 2).reshape(len(last_ids), 1, -1)
        hidden_states = hidden_states + attention.o_proj(mixed)
        hidden_states = hidden_states + layer.mlp(layer.post_attention_layernorm(hidden_states))
    return model.lm_head(language.norm(hidden_states))[:, 0], torch.stack(taps, dim=1)


def choose_alpha(sweep: Sweep, subset: np.ndarray | None = None) -> float:
    """Return the alpha with the most right answers among the subset; ties go to the one nearest to 1."""
    right = sweep.right if subset is None else sweep.right[:, subset]
    counts = right.sum(1)
    return _nearest_to_one([alpha for alpha, count in zip(ALPHAS, counts) if count == counts.max()])


def choose_setting(sweep: Sweep) -> Setting:
    """Return the AdaptVis setting (alpha_low <= 1 <= alpha_high) with the most right answers; ties to the mildest."""
    candidates = []
    for beta in BETAS:
        low = sweep.confidence < beta
        best = [(sweep.right[:, part].sum(1), side) for part, side in ((low, -1), (~low, 1))]
        alphas, count = [], 0
        for counts, side in best:
            allowed = [index for index, alpha in enumerate(ALPHAS) if (alpha - 1) * side >= 0]
            top = max(int(counts[index]) for index in allowed)
            alphas.append(_nearest_to_one([ALPHAS[index] for index in allowed if counts[index] == top]))
            count += top
        change = sum(abs(np.log(alpha)) for alpha in alphas)
        candidates.append((-count, change, Setting(alphas[0], alphas[1], beta)))
    return min(candidates, key=lambda candidate: candidate[:2])[2]


def _nearest_to_one(alphas: list[float]) -> float:
    return min(alphas, key=lambda alpha: abs(np.log(alpha)))


def fit_bias(sweep: Sweep) -> np.ndarray:
    """Return four constants on the log-probabilities that fit the truth best: the cheapest rival, without attention."""
    logs = torch.tensor(np.log(sweep.probabilities[ONE] + 1e-9)).float()
    bias = torch.zeros(4, requires_grad=True)
    optimizer = torch.optim.Adam([bias], lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        functional.cross_entropy(logs + bias, torch.tensor(sweep.truth)).backward()
        optimizer.step()
    return bias.detach().numpy()


def apply_bias(sweep: Sweep, bias: np.ndarray) -> np.ndarray:
    """Return (scenes,) whether the answers are right after the constants were added."""
    return (np.log(sweep.probabilities[ONE] + 1e-9) + bias).argmax(1) == sweep.truth


def interval(values: Sequence[np.ndarray], *, draws: int = 2000) -> tuple[float, float, float]:
    """Return mean and 95 % percentile bootstrap bounds; (scenes,) per seed, sets of four and seeds are resampled.

    NaN marks scenes that do not count; a set's mean is over the others.
    """
    table = np.stack([np.asarray(value, dtype=float) for value in values]).reshape(len(values), -1, 4)
    counts, sums = (~np.isnan(table)).sum(2), np.nansum(table, axis=2)  # (seeds, sets)
    rng = np.random.default_rng(0)
    means = []
    for _ in range(draws):
        seeds, sets = rng.integers(0, len(table), len(table)), rng.integers(0, table.shape[1], table.shape[1])
        means.append(sums[seeds][:, sets].sum() / max(1, counts[seeds][:, sets].sum()))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(sums.sum() / counts.sum()), float(low), float(high)
