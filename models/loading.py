"""From a rung to a network that runs: the same path for a miniature, a local folder and a hub id.

Only safetensors are read, code that lies beside weights is never run, and nothing is fetched unless
`catalogue.downloads_allowed`. Quantised weights are packed while they are read.
"""

import importlib
from dataclasses import dataclass, replace
from typing import Any

import torch
from huggingface_hub.errors import HfHubHTTPError
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForZeroShotObjectDetection,
    AutoProcessor,
    AutoTokenizer,
    PreTrainedModel,
)

from models import catalogue
from models.catalogue import Quantisation, Rung
from models.detection import Detector, MiniatureDetector, zero_shot_detector
from models.language import LanguageModel
from models.quantisation import config_for, footprint_mb
from models.similarity import FrameScorer
from models.vlm import VisionLanguageModel, load_image_processor_only
from worlds.errors import InputError

Tool = Detector | FrameScorer | VisionLanguageModel | LanguageModel
OWN_CLASSES = {  # by loader; imported when first asked for
    "canvas-detector": "models.canvas_detector:CanvasDetector",
    "image-network": "models.image_network:ImageNetwork",
}


@dataclass(frozen=True)
class Loaded:
    """A model in memory. `tool` is what a backend calls; `footprint_mb` is measured, without activations."""

    rung: Rung
    quantisation: Quantisation
    device: str
    tool: Tool
    footprint_mb: float


def load(rung: Rung, quantisation: Quantisation = "none", device: str = "cpu") -> Loaded:
    """Load a rung and wrap it for its role.

    Raises:
        InputError: the quantisation is not offered, files are missing, unreadable or of another class.
    """
    if quantisation not in rung.quantisations:
        raise InputError(f"{rung.title} does not run in {quantisation!r}. It does in {', '.join(rung.quantisations)}.")
    missing = catalogue.missing_files(rung)
    if missing:
        raise InputError(missing)
    try:
        model, tool = _build(rung, quantisation, device)
    except (OSError, ImportError, SafetensorError, HfHubHTTPError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, InputError | torch.OutOfMemoryError):
            raise
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise InputError(f"{rung.title} could not be loaded: {reason} Its folder must be complete and match its class.") from error
    return Loaded(rung, quantisation, device, tool, footprint_mb(model))


def _build(rung: Rung, quantisation: Quantisation, device: str) -> tuple[PreTrainedModel, Tool]:
    if rung.loader == "image-network":
        from models.image_detection import KindsDetector

        network: Any = _weights(_own_class(rung), rung, quantisation, device)
        return network, KindsDetector(network, rung)
    if rung.loader == "canvas-detector":
        model = _weights(_own_class(rung), rung, quantisation, device)
        calibrated = replace(rung, theta=model.config.confirmation, floor=model.config.floor)  # by the recipe, on held-out data
        return model, MiniatureDetector(model, calibrated)
    if rung.loader == "zero-shot-detector":
        model = _weights(AutoModelForZeroShotObjectDetection, rung, quantisation, device)
        return model, zero_shot_detector(model, _processor(rung), rung)
    if rung.loader == "frame-scorer":
        model = _weights(AutoModel, rung, quantisation, device)
        return model, FrameScorer(model, _processor(rung))
    if rung.loader == "language-model":
        model = _weights(AutoModelForCausalLM, rung, quantisation, device)
        return model, LanguageModel(model, AutoTokenizer.from_pretrained(_source(rung), **_options(rung)))
    model = _weights(AutoModelForImageTextToText, rung, quantisation, device)
    processor = load_image_processor_only(_source(rung), **_options(rung))
    return model, VisionLanguageModel(model, processor)


def _own_class(rung: Rung) -> Any:
    module, _, name = OWN_CLASSES[rung.loader].partition(":")
    return getattr(importlib.import_module(module), name)


def _source(rung: Rung) -> str:
    return str(catalogue.folder_of(rung)) if rung.is_on_disk else rung.source


def _options(rung: Rung) -> dict[str, bool]:
    return {"local_files_only": rung.is_on_disk or not catalogue.downloads_allowed(), "trust_remote_code": False}


def _weights(auto_class: Any, rung: Rung, quantisation: Quantisation, device: str) -> PreTrainedModel:
    """Return the network in evaluation mode on its device; its class must be the one the catalogue names."""
    source, options = _source(rung), _options(rung)
    dtype = getattr(torch, rung.dtype)
    is_auto = auto_class.__name__.startswith("Auto")
    packed = None
    if is_auto:
        config = AutoConfig.from_pretrained(source, **options)
        found = (config.architectures or ["nothing"])[0]
        if found != rung.architecture:
            raise InputError(f"{rung.source} is a {found[:80]!r}; {rung.title} must be a {rung.architecture!r}.")
        if quantisation != "none":
            with torch.device("meta"):
                packed = config_for(quantisation, auto_class.from_config(config), compute_dtype=dtype)
    model = auto_class.from_pretrained(
        source,
        use_safetensors=True,
        dtype=dtype,
        quantization_config=packed,
        device_map=device if packed else None,
        local_files_only=options["local_files_only"],
        **({"trust_remote_code": False} if is_auto else {}),
    )
    return model.eval() if packed else model.eval().to(device)


def _processor(rung: Rung) -> Any:
    return AutoProcessor.from_pretrained(_source(rung), backend="pil", **_options(rung))
