"""Other ways to see where a model looked, each with a sentence that says what it is; none of them changes the model.

Rollout (arXiv 2005.00928) multiplies the layers' attention; gradient x attention (arXiv 2103.15679) weighs every weight by what
it does to the answer first; Grad-CAM (arXiv 1610.02391) weighs what the vision tower hands over. The first two need whole
attention matrices of the text stack: they are computed here for one question, in a listener of the same registry as the tap, so
that a model that others use meanwhile is left as it is.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from backends.adaptvis.items import Asked
from backends.adaptvis.results import OtherMap
from backends.adaptvis.settings import AdaptVisSettings, OtherWay
from backends.adaptvis.wiring import layout_of
from models.attention import image_columns, prepare
from models.attention.registry import Call, current, install, text_configs, uninstall
from models.attention.rows import HIDDEN, row_logits, weighted
from models.vlm import VisionLanguageModel

MAX_MATRIX_BYTES = 4_000_000_000
WHAT = {
    "rollout": "Attention of all layers multiplied, each half itself and half its mean over heads: how much of the picture can "
               "have flowed into the last token.",
    "gradient": "Attention of all layers multiplied, each weight counted by how much it raises the likeliest first token, and only "
                "where it does.",
    "gradcam": "The vision tower's features weighted by how much they raise the likeliest first token: what was seen, before the "
               "language part looks at it.",
}


def other_map(name: OtherWay, vlm: VisionLanguageModel, asked: Asked, settings: AdaptVisSettings) -> OtherMap | str:
    """Return a map over the image tokens, 0..1, or a sentence why this model does not allow it."""
    inputs = prepare(vlm, [[asked.given]], [asked.question], layout=layout_of(settings))
    columns = image_columns(vlm.model, inputs["input_ids"])[0]
    if name == "gradcam":
        found = _gradcam(vlm, inputs, int(columns.sum()))
    else:
        found = _matrices_fit(vlm, columns) or _flow(name, vlm, inputs)[columns.cpu().numpy()]
    if isinstance(found, str):
        return f"{name} was left out: {found}"
    return OtherMap(name=name, what=WHAT[name], map=_unit(found))


def _unit(values: np.ndarray) -> np.ndarray:
    """Return the values from 0 for the lowest to 1 for the highest."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _matrices_fit(vlm: VisionLanguageModel, columns: torch.Tensor) -> str:
    text = vlm.model.config.get_text_config()
    size = 4 * text.num_hidden_layers * text.num_attention_heads * len(columns) ** 2 * 3  # with gradients and the softmax's own
    if size <= MAX_MATRIX_BYTES:
        return ""
    return (f"its attention has {size / 1e9:.0f} GB for this prompt of {len(columns):,} tokens, and at most "
            f"{MAX_MATRIX_BYTES / 1e9:.0f} GB are computed here. Use a smaller picture.")


class _Whole:
    """Listens to the text stack and keeps every attention matrix, (heads, queries, keys) per layer."""

    def __init__(self, vlm: VisionLanguageModel) -> None:
        self._configs = {id(config) for config in text_configs(vlm.model)}
        self.kept: list[torch.Tensor] = []

    def covers(self, module: nn.Module) -> bool:
        return getattr(module, "layer_idx", None) is not None and id(getattr(module, "config", None)) in self._configs

    def attend(self, call: Call) -> torch.Tensor:
        logits = row_logits(call.query, call.key, call.scaling, call.softcap)
        visible = call.visible(list(range(call.query.shape[2])))
        probabilities = logits.masked_fill(~visible, HIDDEN).softmax(-1)
        if torch.is_grad_enabled() and not probabilities.requires_grad:
            probabilities.requires_grad_()  # the first layer of a model whose weights are frozen
        self.kept.append(probabilities)
        return weighted(probabilities, call.value).to(call.query.dtype)


@contextmanager
def _listening(vlm: VisionLanguageModel) -> Iterator[_Whole]:
    listener = _Whole(vlm)
    install(vlm.model)
    token = current.set(listener)
    try:
        yield listener
    finally:
        current.reset(token)
        uninstall(vlm.model)


def _flow(name: OtherWay, vlm: VisionLanguageModel, inputs: dict[str, torch.Tensor]) -> np.ndarray:
    """Return (tokens,): what the last token got from every token of the prompt."""
    layers = _rollout_layers(vlm, inputs) if name == "rollout" else _gradient_layers(vlm, inputs)
    flow = torch.eye(layers[0].shape[-1], device=layers[0].device)[-1]
    for layer in reversed(layers):  # a row vector through the layers from the last to the first
        flow = flow @ layer
    return flow.float().cpu().numpy()


@torch.no_grad()
def _rollout_layers(vlm: VisionLanguageModel, inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """Return (tokens, tokens) per layer, rows sum to 1: 0.5 A + 0.5 I."""
    with _listening(vlm) as listener:
        vlm.model(**inputs, use_cache=False)
    means = [kept[0].mean(0) for kept in listener.kept]
    return [(mean + torch.eye(len(mean), device=mean.device)) / 2 for mean in means]


@torch.enable_grad()
def _gradient_layers(vlm: VisionLanguageModel, inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """Return (tokens, tokens) per layer: I + mean over heads of (gradient x A), its positive part (Chefer et al., eq. 5, 6)."""
    with _listening(vlm) as listener:
        logits = vlm.model(**inputs, use_cache=False).logits[0, -1]
    gradients = torch.autograd.grad(logits.max(), listener.kept)
    layers = [(gradient * kept).clamp(min=0)[0].mean(0).detach() for gradient, kept in zip(gradients, listener.kept)]
    return [layer + torch.eye(len(layer), device=layer.device) for layer in layers]


@torch.enable_grad()
def _gradcam(vlm: VisionLanguageModel, inputs: dict[str, torch.Tensor], num_tokens: int) -> np.ndarray | str:
    """Return (image tokens,), or why not: the tower must hand over one feature per image token."""
    projector = getattr(vlm.model.model, "multi_modal_projector", None)
    if projector is None:
        return f"{type(vlm.model).__name__} joins patches on their way to the text, so its features are no image tokens."
    kept: list[torch.Tensor] = []

    own_thread = threading.get_ident()

    def keep(_: nn.Module, arguments: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        if threading.get_ident() != own_thread:  # somebody else's pass through the same model
            return arguments
        features = arguments[0].detach().requires_grad_()
        kept.append(features)
        return (features, *arguments[1:])

    hook = projector.register_forward_pre_hook(keep)
    try:
        logits = vlm.model(**inputs, use_cache=False).logits[0, -1]
    finally:
        hook.remove()
    count = sum(features.shape[:-1].numel() for features in kept)
    if len(kept) != 1 or count != num_tokens:
        return f"this {type(vlm.model).__name__} has {count} features for {num_tokens} image tokens, so they cannot be matched."
    gradient = torch.autograd.grad(logits.max(), kept[0])[0]
    weights = gradient.flatten(0, -2).mean(0)  # (channels,)
    cam = (kept[0].detach().flatten(0, -2) * weights).sum(-1).clamp(min=0)
    return cam.float().cpu().numpy()
