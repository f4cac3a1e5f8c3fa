"""Parents of a few seeds, trained anew, and what becomes of them: merged, with a layer masked, set back or grafted alone."""

import copy
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaForCausalLM, LlavaForConditionalGeneration

from backends.merging.masking import Masked, masked
from backends.merging.methods import merged_model
from backends.merging.mix import Mix
from backends.statistics import share
from models.adders.lessons import Plan
from models.adders.making import Parents, make
from models.adders.scores import Kind, score

Rights = Mapping[Kind, Sequence[np.ndarray]]  # of each kind, of each seed, (questions,) bool
SUM = Mix(method="task_arithmetic", vlm=1.0, reason=1.0)
PARTS: tuple[Masked, ...] = ("attention", "mlp")


def made(plan: Plan, seeds: int) -> list[Parents]:
    """Train the parents of so many seeds, about two CPU minutes each."""
    torch.set_num_threads(1)
    with redirect_stdout(sys.stderr):  # what trainings print is no part of a section
        return [make(plan, seed) for seed in range(seeds)]


def child_of(parents: Parents, mix: Mix, *, reasoner: LlamaForCausalLM | None = None) -> LlavaForConditionalGeneration:
    """The merge of a seed's parents."""
    reason = (reasoner or parents.reasoner).state_dict()
    return with_weights(parents.vlm, merged_model(parents.vlm.state_dict(), reason, parents.base.state_dict(), mix=mix))


def with_weights(model: LlavaForConditionalGeneration, weights: Mapping[str, Tensor]) -> LlavaForConditionalGeneration:
    """A copy of a model with other weights."""
    child = copy.deepcopy(model)
    child.load_state_dict(weights)
    return child


def rights(models: Sequence[LlavaForConditionalGeneration], kinds: Sequence[Kind], *, steps: int = 1) -> Rights:
    """Which questions models answer right, a model for each seed."""
    return {kind: [score(model, kind, steps=steps).is_right for model in models] for kind in kinds}


def told(own: Rights) -> list[str]:
    """Shares with their intervals: seeds drawn anew, and of each its questions."""
    found = [share(seeds) for seeds in own.values()]
    return [f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in found]


def drops(models: Sequence[LlavaForConditionalGeneration], kinds: Sequence[Kind], *, steps: int = 1
          ) -> Iterator[tuple[int, Masked, list[float]]]:
    """Yield layer, module and by how much the share of each kind falls where it is masked, the mean of all seeds."""
    whole = _means(rights(models, kinds, steps=steps))
    for layer in range(models[0].config.text_config.num_hidden_layers):
        for part in PARTS:
            left = np.zeros(len(kinds))
            for model in models:
                with masked(model, layer, part):
                    left += _means(rights([model], kinds, steps=steps)) / len(models)
            yield layer, part, (whole - left).tolist()


def _means(own: Rights) -> np.ndarray:
    return np.array([np.mean(np.concatenate(seeds)) for seeds in own.values()])
