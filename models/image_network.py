"""EfficientNet-Lite0, a small image classifier of 1,000 kinds: the network alone, as published weights expect it.

EfficientNet: arXiv 1905.11946; "Lite" has no squeeze-and-excite and ReLU6 in place of swish. The weights were trained with
TensorFlow's "SAME" padding, which puts the odd pixel to the right and below, and with pictures as (x - 127) / 128: with
symmetric padding or ImageNet's mean it runs, and is worse. Not here: what its kinds are called, where its weights come from.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.configuration_utils import PretrainedConfig

STEM, LAST = 32, 1280  # channels after the first and before the last layer
STAGES = (  # blocks, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
FEATURE_BLOCK = 14  # its output is what search by example compares: late enough for kinds, before the last block loses the place
STRIDE = 32  # pixels of the picture per place of these features


class ImageNetworkConfig(PretrainedConfig):
    """The kinds it tells apart."""

    model_type = "orrery-image-network"

    def __init__(self, kinds: Sequence[str] = (), num_kinds: int = 1000, stages: Sequence[Sequence[int]] = STAGES,
                 last: int = LAST, **kwargs: Any) -> None:  # Any: what transformers itself keeps in config.json
        self.kinds = list(kinds)  # (num_kinds,) names, in the classifier's order
        self.num_kinds = num_kinds
        self.stages = [list(stage) for stage in stages]
        self.last = last
        super().__init__(**kwargs)


class _Conv(nn.Sequential):
    """Convolution with TensorFlow's padding, and batch normalisation."""

    def __init__(self, inputs: int, outputs: int, size: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(nn.Conv2d(inputs, outputs, size, stride, groups=groups, bias=False), nn.BatchNorm2d(outputs, eps=1e-3))
        self.size, self.stride = size, stride

    def forward(self, hidden_states: Tensor) -> Tensor:
        edges = []
        for side in (hidden_states.shape[-1], hidden_states.shape[-2]):
            missing = max((-(-side // self.stride) - 1) * self.stride + self.size - side, 0)
            edges += [missing // 2, missing - missing // 2]
        return super().forward(functional.pad(hidden_states, edges) if any(edges) else hidden_states)


class _Block(nn.Module):
    """Widen, look around in each channel, narrow; added to what came in where the shape is the same."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = _Conv(inputs, wide) if expansion > 1 else None
        self.depthwise = _Conv(wide, wide, size, stride, groups=wide)
        self.project = _Conv(wide, outputs)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, hidden_states: Tensor) -> Tensor:
        wide = hidden_states if self.expand is None else functional.relu6(self.expand(hidden_states))
        out: Tensor = self.project(functional.relu6(self.depthwise(wide)))
        return out + hidden_states if self.adds else out


class ImageNetwork(PreTrainedModel):
    """Pictures in, one logit per kind out; or the features on the way."""

    config_class = ImageNetworkConfig
    main_input_name = "pixel_values"

    def __init__(self, config: ImageNetworkConfig) -> None:
        super().__init__(config)
        self.stem = _Conv(3, STEM, 3, 2)
        shapes, inputs = [], STEM
        for count, size, stride, expansion, outputs in config.stages:
            shapes += [(inputs if i == 0 else outputs, outputs, size, stride if i == 0 else 1, expansion) for i in range(count)]
            inputs = outputs
        self.blocks = nn.ModuleList(_Block(*shape) for shape in shapes)
        self.head = _Conv(inputs, config.last)
        self.classifier = nn.Linear(config.last, config.num_kinds)
        self.post_init()

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Return (pictures, kinds) logits of (pictures, 3, height, width) pixels; see `pixels_of`."""
        pooled = self._last(self._features(pixel_values, len(self.blocks))).mean(dim=(2, 3))
        logits: Tensor = self.classifier(pooled)
        return logits

    def features(self, pixel_values: Tensor) -> Tensor:
        """Return (pictures, channels, rows, columns) of the block that search by example compares; a place is 32 pixels."""
        return self._features(pixel_values, FEATURE_BLOCK + 1)

    def places(self, pixel_values: Tensor) -> Tensor:
        """Return (pictures, kinds, rows, columns): the logits of every place by itself."""
        last = self._last(self._features(pixel_values, len(self.blocks)))
        logits: Tensor = functional.conv2d(last, self.classifier.weight[:, :, None, None], self.classifier.bias)
        return logits

    def _features(self, pixel_values: Tensor, num_blocks: int) -> Tensor:
        hidden_states = functional.relu6(self.stem(pixel_values))
        for block in self.blocks[:num_blocks]:
            hidden_states = block(hidden_states)
        return hidden_states

    def _last(self, hidden_states: Tensor) -> Tensor:
        return functional.relu6(self.head(hidden_states))


def pixels_of(pictures: np.ndarray) -> Tensor:
    """(pictures, height, width, 3) uint8 RGB -> (pictures, 3, height, width) as the weights want them."""
    return (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - 127) / 128


def from_published(weights: dict[str, Tensor], kinds: Sequence[str]) -> ImageNetwork:
    """Return the network with weights as they are published, by their names there.

    Raises:
        KeyError, RuntimeError: the weights are of another network.
    """
    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, then replaced
        model = ImageNetwork(ImageNetworkConfig(kinds=kinds, num_kinds=len(kinds)))
    parts = {"_conv_stem": "stem.0", "_bn0": "stem.1", "_conv_head": "head.0", "_bn1": "head.1", "_fc": "classifier"}
    in_block = {"_expand_conv": "expand.0", "_bn0": "expand.1", "_depthwise_conv": "depthwise.0", "_bn1": "depthwise.1",
                "_project_conv": "project.0", "_bn2": "project.1"}
    renamed = {}
    for name, tensor in weights.items():
        first, _, rest = name.partition(".")
        if first == "_blocks":
            number, part, last = rest.split(".", 2)
            renamed[f"blocks.{number}.{in_block[part]}.{last}"] = tensor
        else:
            renamed[f"{parts[first]}.{rest}"] = tensor
    model.load_state_dict(renamed)
    return model.eval()
