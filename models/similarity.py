"""How well a frame fits a sentence: the cosine between their embeddings, for CLIP, SigLIP and SigLIP 2.

CLIP: arXiv 2103.00020, SigLIP: 2303.15343, SigLIP 2: 2502.14786. The text is embedded once per sentence and kept.
The cosine is neither a probability nor comparable between models: CLIP's lie near 0.2-0.3, SigLIP's near 0-0.15.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, ProcessorMixin

from models.boxes import check_canvases

BATCH = 32
SIGLIP_TOKENS = 64  # SigLIP's text tower was trained on texts padded to exactly this length


class FrameScorer:
    """Scores frames against a sentence with a two-tower model."""

    def __init__(self, model: PreTrainedModel, processor: ProcessorMixin, *, batch: int = BATCH) -> None:
        self.model: Any = model  # Any: the families share method names, but no base class that declares them
        self.processor, self.batch = processor, batch
        self._embed_text = lru_cache(maxsize=64)(self._text_features)

    def scores(self, frames: np.ndarray, text: str) -> np.ndarray:
        """Return (frames,) float32 cosines, -1..1.

        Args:
            frames: (frames, height, width, 3) uint8 RGB.
        Raises:
            ValueError: the frames have another shape or type.
        """
        check_canvases(frames)
        text_embeds = self._embed_text(text)  # (1, channels)
        parts = [frames[start : start + self.batch] for start in range(0, len(frames), self.batch)]
        if not parts:
            return np.zeros(0, dtype=np.float32)
        cosines = [(self._image_features(part) @ text_embeds.T)[:, 0] for part in parts]  # (frames, 1) -> (frames,)
        return torch.cat(cosines).float().cpu().numpy()

    @torch.inference_mode()
    def _text_features(self, text: str) -> torch.Tensor:
        longest = self.model.config.text_config.max_position_embeddings
        is_siglip = self.model.config.model_type.startswith("siglip")
        inputs = self.processor.tokenizer(
            [text.lower() if is_siglip else text],
            padding="max_length" if is_siglip else True,
            max_length=min(longest, SIGLIP_TOKENS) if is_siglip else longest,
            truncation=True,
            return_tensors="pt",
        ).to(self.model.device)
        inputs = {key: value for key, value in inputs.items() if key in ("input_ids", "attention_mask")}
        if is_siglip:
            inputs.pop("attention_mask", None)  # padding is read as words: so it was trained
        return _unit(self.model.get_text_features(**inputs))

    @torch.inference_mode()
    def _image_features(self, frames: np.ndarray) -> torch.Tensor:
        inputs = self.processor.image_processor(images=list(frames), return_tensors="pt")
        dtype = next(p.dtype for p in self.model.parameters() if p.dtype.is_floating_point)
        inputs = {k: v.to(self.model.device, dtype if v.is_floating_point() else None) for k, v in inputs.items()}
        return _unit(self.model.get_image_features(**inputs))


def _unit(features: Any) -> torch.Tensor:  # Any: a tensor, or what a version of transformers wraps it in
    embeds = features if isinstance(features, torch.Tensor) else features.pooler_output  # transformers 5 wraps them
    embeds = embeds.float()
    return embeds / embeds.norm(dim=-1, keepdim=True)
