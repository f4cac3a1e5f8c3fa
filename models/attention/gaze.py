"""Where a model looks while it writes: of each word that it wrote, how much of its attention lay on which part of what it read.

The words are written already; one pass over prompt and reply under a tap reads all of their rows. The row of a word is that of the
position from which it was foretold, one before its own. Mean over layers and heads.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from transformers import PreTrainedModel

from models.attention.families import positions
from models.attention.rows import Reads
from models.attention.tap import Tap, image_columns


@torch.inference_mode()
def gaze(model: PreTrainedModel, inputs: Mapping[str, torch.Tensor], words: Sequence[int], groups: Sequence[torch.Tensor]
         ) -> np.ndarray:
    """Return (words, groups), shares of all attention of a word, 0 to 1.

    Args:
        inputs: of one prompt with its reply behind it: `input_ids` (1, tokens), and what else the model takes.
        words: places of the words in it, each above 0.
        groups: (tokens,) bool each, disjoint.
    Raises:
        InputError: the model reads text only, or runs an attention that cannot be tapped.
    """
    if not words:
        return np.zeros((0, len(groups)))
    columns = torch.stack([group.cpu() for group in groups]).any(0)  # (tokens,)
    if not columns.any():
        return np.zeros((len(words), len(groups)))
    reads = Reads(queries=tuple(place - 1 for place in words))
    with Tap(model, inputs, reads=reads, columns=columns[None].to(inputs["input_ids"].device)) as tap:
        model(**inputs, position_ids=positions(model, inputs), use_cache=False, logits_to_keep=1)  # type: ignore[operator]  # a module
    seen = tap.maps().image[0, :, :, 0].mean(1)  # (words, layers, chosen tokens) -> (words, chosen tokens)
    chosen = columns.nonzero()[:, 0]
    return np.stack([seen[:, group.cpu()[chosen].numpy()].sum(1) for group in groups], 1)


def image_groups(model: PreTrainedModel, input_ids: torch.Tensor, images: int) -> list[torch.Tensor] | None:
    """Return (tokens,) bool for each image of one prompt; None where its tokens cannot be told apart.

    Where runs of image tokens are not as many as images, as where a picture is read in tiles, images are taken to be equally large.

    Args:
        input_ids: (1, tokens).
    """
    columns = image_columns(model, input_ids)[0]
    places = columns.nonzero()[:, 0]
    if not images or not len(places):
        return None
    starts = torch.cat([torch.ones(1, dtype=torch.bool, device=places.device), places[1:] != places[:-1] + 1])
    run = starts.cumsum(0) - 1  # which run each token is in
    if int(run[-1]) + 1 != images:
        if len(places) % images:
            return None
        run = torch.arange(len(places), device=places.device) // (len(places) // images)
    found = []
    for image in range(images):
        own = torch.zeros_like(columns)
        own[places[run == image]] = True
        found.append(own)
    return found
