"""The network of the scenes and shapes miniatures: a LlavaForConditionalGeneration small enough for one thread, and its files.

From the usual random weights it never starts to learn: the patches need positions that can be told apart, the projector and the
language part larger weights.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from models.scene_words import BOS, EOS, IMAGE, MEAN, PAD, STD, processor, vocabulary
from worlds.scenes.drawing import INPUT_PX
from worlds.scenes.scene import Question


@dataclass(frozen=True)
class Size:
    """The network: a picture of `input_px` in patches, two vision layers, four language layers.

    Attributes:
        feed_forward: width inside the language layers' feed-forward parts; 0: twice that of `text`.
    """

    input_px: int = INPUT_PX
    patch_px: int = 8
    vision: int = 96
    text: int = 128
    vision_layers: int = 2
    text_layers: int = 4
    feed_forward: int = 0

    @property
    def image_tokens(self) -> int:
        """Patches of one picture."""
        return (self.input_px // self.patch_px) ** 2


def fresh_model(size: Size, *, seed: int = 0, words: int = 0) -> LlavaForConditionalGeneration:
    """Return the network with random weights from which it learns; the global generator is left as it was.

    Args:
        words: how many tokens there are; without it those of the scenes. The special ones come first, as in `scene_words`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlavaForConditionalGeneration(_config(size, words or len(vocabulary())))
        vision = model.model.vision_tower.embeddings
        side = size.input_px // size.patch_px
        with torch.no_grad():
            vision.position_embedding.weight[1:] = 0.3 * _positions(side, size.vision)  # 0 is the class token
            nn.init.normal_(vision.patch_embedding.weight, std=0.07)
            for layer in (model.model.multi_modal_projector.linear_1, model.model.multi_modal_projector.linear_2):
                nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    return model


def _config(size: Size, words: int) -> LlavaConfig:
    vision = CLIPVisionConfig(
        hidden_size=size.vision,
        intermediate_size=2 * size.vision,
        num_hidden_layers=size.vision_layers,
        num_attention_heads=4,
        image_size=size.input_px,
        patch_size=size.patch_px,
        projection_dim=size.vision,
    )
    text = LlamaConfig(
        vocab_size=words,
        hidden_size=size.text,
        intermediate_size=size.feed_forward or 2 * size.text,
        num_hidden_layers=size.text_layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=False,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=PAD,
        initializer_range=0.05,  # 0.02, the default, never starts to tell the two things apart
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=IMAGE,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=size.image_tokens,
        projector_hidden_act="gelu",
        tie_word_embeddings=False,
    )


def _positions(side: int, width: int) -> Tensor:
    """Return (side * side, width): sines and cosines of the row, then of the column."""
    waves = torch.arange(1, width // 4 + 1) * np.pi / 4 / side
    angles = (torch.arange(side) + 0.5)[:, None] * waves
    axis = torch.cat([angles.sin(), angles.cos()], dim=1)  # (side, width / 2)
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.cat([axis[rows.flatten()], axis[columns.flatten()]], dim=1)


def encode(tokenizer: PreTrainedTokenizerBase, questions: Sequence[Question], image_tokens: int, *, answered: bool) -> Tensor:
    """Return (questions, tokens): <s>, the picture's places, the question and, if `answered`, the answer and </s>."""
    ending = "ASSISTANT: {}</s>" if answered else "ASSISTANT:"
    texts = [f"USER: {question.text}\n{ending.format(question.answer)}" for question in questions]
    ids = torch.tensor(tokenizer(texts, add_special_tokens=False)["input_ids"])
    head = torch.tensor([BOS] + [IMAGE] * image_tokens).expand(len(ids), -1)
    return torch.cat([head, ids], dim=1)


def pixels_of(pictures: Sequence[np.ndarray]) -> Tensor:
    """Pictures, each (side, side, 3) uint8 RGB, as the tower takes them: (pictures, 3, side, side), normalised."""
    normal = (np.stack(pictures).astype(np.float32) / 255 - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return torch.from_numpy(normal.transpose(0, 3, 1, 2).copy())


def tokens_of(tower: PreTrainedModel, pixels: Tensor) -> Tensor:
    """What a tower says of pictures, (pictures, tokens, width): the last layer, without the class token, as LLaVA takes it."""
    return tower(pixel_values=pixels, output_hidden_states=True).hidden_states[-1][:, 1:]


def save(model: LlavaForConditionalGeneration, size: Size, out: Path) -> None:
    """Write weights in half precision, tokenizer and processor."""
    copy.deepcopy(model).half().save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    processor(size.input_px, size.patch_px).save_pretrained(out)
