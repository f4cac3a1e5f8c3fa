"""Inside one answer: which word each layer would say next (the logit lens), and where the model looks before it says the result.

An extra of ours, not in the paper. The lens hands a layer's state to the last norm and the head as if nothing came after it.
"""

import math

import numpy as np
import torch
from transformers import PreTrainedModel

from backends.merging.results import Looked
from models.adders.answering import answers, sheet
from models.adders.words import IMAGE, ids_of, vocabulary
from models.attention.rows import Reads
from models.attention.tap import Tap
from worlds.sums.scenes import Item


@torch.inference_mode()
def looked(model: PreTrainedModel, item: Item, of: str) -> Looked:
    """Return what goes on while a model answers a question about a picture in its own words."""
    asked = sheet([item], shows=True)
    said = answers(model, asked)[0].words or (vocabulary()[0],)
    ids = torch.cat([asked.ids, torch.tensor([ids_of(said)])], 1)  # (1, prompt + answer)
    assert asked.pixels is not None  # the sheet shows pictures
    inputs = {"input_ids": ids, "pixel_values": asked.pixels}
    before = ids.shape[1] - len(said) - 1  # from where the first word is foretold
    columns = ids == IMAGE
    with Tap(model, inputs, reads=Reads(queries=(ids.shape[1] - 2,)), columns=columns) as tap:
        states = model(**inputs, output_hidden_states=True, use_cache=False).hidden_states[1:]  # by layer, the last behind its norm
    decoder, head = model.get_decoder(), model.get_output_embeddings()
    normed = [decoder.norm(state) for state in states[:-1]] + [states[-1]]
    chances = torch.stack([head(state[0, before:-1]).float().softmax(-1) for state in normed])  # (layers, words, vocabulary)
    sure, best = chances.max(-1)
    return Looked(of=of, words=said, says=tuple(tuple(vocabulary()[word] for word in row) for row in best.tolist()),
                  sure=sure.numpy().astype(np.float32), gaze=tap.maps().image[0, 0, :, 0].astype(np.float32),
                  columns=math.isqrt(int(columns.sum())))
