"""From a rung to a network that runs: the same path for a miniature, a local folder and a hub id.

Only safetensors are read, code that lies beside weights is never run, and nothing is fetched unless
`catalogue.downloads_allowed`. What does not come with this app is checked before anything is built of it (`checking`), and what
was checked is what is loaded. Quantised weights are packed while they are read.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import torch
from huggingface_hub import snapshot_download
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForZeroShotObjectDetection,
    AutoProcessor,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    ProcessorMixin,
)

from models import catalogue
from models.catalogue import Loader, Quantisation, Rung
from models.checking import check_config, check_files, check_skeleton, read_config
from models.detection import Detector, MiniatureDetector, zero_shot_detector
from models.diffusion.painter import Painter
from models.language import LanguageModel
from models.processors import load_image_processor_only
from models.quantisation import config_for, footprint_mb
from models.shards import INDEX, WHOLE, Held, held_in, indexed
from models.similarity import FrameScorer
from models.vlm import VisionLanguageModel
from worlds.errors import InputError, disk_sentence

log = logging.getLogger("orrery.models")

Tool = Detector | FrameScorer | VisionLanguageModel | LanguageModel | Painter
OWN = ("canvas-detector", "image-network", "diffusion")  # loaders that look at the files themselves
_OPTIONS = {"local_files_only": True, "trust_remote_code": False}  # what was to be fetched is here before the first is called
_BESIDE = ["*.json", "*.jinja", "*.txt", "*.model"]  # what a checkpoint has beside its weights
_building = threading.RLock()
P = ParamSpec("P")


def _one_at_a_time(contexts: Callable[P, Iterable[object]]) -> Callable[P, list[object]]:
    """Let transformers build one model at a time: meanwhile torch's default dtype, `linspace` and the tying of weights are changed
    for the whole process, and two threads would put back each other's changes. Reading weights, which can hang, is not part of it.
    """

    @wraps(contexts)
    def locked(*args: P.args, **options: P.kwargs) -> list[object]:
        return [_building, *contexts(*args, **options)]

    return locked


_own_contexts: Any = PreTrainedModel.get_init_context  # Any: typed as what it gives when called, not as a class method
PreTrainedModel.get_init_context = classmethod(_one_at_a_time(_own_contexts.__func__))  # type: ignore


@dataclass(frozen=True)
class Loaded:
    """A model in memory. `tool` is what a backend calls; `footprint_mb` is measured, without activations."""

    rung: Rung
    quantisation: Quantisation
    device: str
    tool: Tool
    footprint_mb: float

    @property
    def vlm(self) -> VisionLanguageModel:
        """The tool of a rung of the role vlm. Raises TypeError where it is another."""
        if not isinstance(self.tool, VisionLanguageModel):
            raise TypeError(f"{self.rung.name} is a {type(self.tool).__name__}; a rung of the role vlm loads a VisionLanguageModel")
        return self.tool

    @property
    def language(self) -> LanguageModel:
        """The tool of a rung of the role language. Raises TypeError where it is another."""
        if not isinstance(self.tool, LanguageModel):
            raise TypeError(f"{self.rung.name} is a {type(self.tool).__name__}; a rung of the role language loads a LanguageModel")
        return self.tool


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
        held = None if rung.loader in OWN or rung.is_miniature else _checked(rung)
        model, tool = _LOADERS[rung.loader](_Wanted(rung, quantisation, device, held))
    except BaseException as error:
        if isinstance(error, InputError | MemoryError | torch.OutOfMemoryError) or _is_not_an_error(error) or disk_sentence(error):
            raise
        log.warning("%s could not be loaded", rung.source, exc_info=error)
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{rung.title} could not be loaded: {reason} Its folder must be complete and match its class.") from error
    return Loaded(rung, quantisation, device, tool, footprint_mb(model))


def _is_not_an_error(error: BaseException) -> bool:
    """Whether somebody ends the process, or this very call."""
    return isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit)


def _checked(rung: Rung) -> Held:
    """Return what the shards hold. Raises InputError where the config claims more, or files are not what can be loaded."""
    folder = _fetched(rung) if catalogue.downloads_allowed() and not rung.is_on_disk else catalogue.folder_of(rung)
    name = catalogue.name_of(rung)
    config, held = read_config(folder, name=name), held_in(folder, name=name)
    listed = config.get("architectures")
    _check_class(str(listed[0]) if isinstance(listed, list) and listed else "nothing", rung)
    check_config(config, held, name=name)
    check_files(folder, name=name)
    return held


def _check_class(found: str, rung: Rung) -> None:
    if found != rung.architecture:
        raise InputError(f"{catalogue.name_of(rung)} is a {found[:80]!r}; {rung.title} must be a {rung.architecture!r}.")


def _fetched(rung: Rung) -> Path:
    """Bring a hub rung into the local cache, the weights last, and return its folder there."""
    folder = Path(snapshot_download(rung.source, allow_patterns=_BESIDE))
    weights = indexed(folder, name=rung.source) if (folder / INDEX).exists() else [WHOLE]  # not what else lies there
    return Path(snapshot_download(rung.source, allow_patterns=weights))


def _fetched_pipeline(source: str) -> Path:
    """Bring the parts of a pipeline into the local cache and return its folder there."""
    return Path(snapshot_download(source, allow_patterns=["*.json", "tokenizer/*", "*.safetensors", "*.safetensors.index.json"]))


@dataclass(frozen=True)
class _Wanted:
    """What is to be loaded, and how."""

    rung: Rung
    quantisation: Quantisation
    device: str
    held: Held | None

    def network(self, auto_class: Any) -> Any:  # Any: the class that was asked for, or one that an Auto class chose
        return _weights(auto_class, self.rung, self.quantisation, self.device, self.held)


def _image_network(wanted: _Wanted) -> tuple[PreTrainedModel, Tool]:
    from models.image_detection import KindsDetector
    from models.image_network import ImageNetwork

    network = wanted.network(ImageNetwork)
    return network, KindsDetector(network, wanted.rung)


def _canvas_detector(wanted: _Wanted) -> tuple[PreTrainedModel, Tool]:
    from models.canvas_detector import CanvasDetector

    network = wanted.network(CanvasDetector)
    calibrated = replace(wanted.rung, theta=network.config.confirmation, floor=network.config.floor)  # on held-out data
    return network, MiniatureDetector(network, calibrated)


def _zero_shot_detector(wanted: _Wanted) -> tuple[PreTrainedModel, Tool]:
    network = wanted.network(AutoModelForZeroShotObjectDetection)
    return network, zero_shot_detector(network, _processor(wanted.rung), wanted.rung)


def _frame_scorer(wanted: _Wanted) -> tuple[PreTrainedModel, Tool]:
    network = wanted.network(AutoModel)
    return network, FrameScorer(network, _processor(wanted.rung))


def _language_model(wanted: _Wanted) -> tuple[PreTrainedModel, Tool]:
    network = wanted.network(AutoModelForCausalLM)
    return network, LanguageModel(network, AutoTokenizer.from_pretrained(_source(wanted.rung), **_OPTIONS))


def _vlm(wanted: _Wanted) -> tuple[PreTrainedModel, Tool]:
    network = wanted.network(AutoModelForImageTextToText)
    return network, VisionLanguageModel(network, load_image_processor_only(_source(wanted.rung), **_OPTIONS))


def _diffusion(wanted: _Wanted) -> tuple[Any, Tool]:
    from models.diffusion.painter import painter_of

    rung = wanted.rung
    is_fetched = catalogue.downloads_allowed() and not rung.is_on_disk
    folders = [_fetched_pipeline(source) if is_fetched else catalogue.pipeline_folder(rung, source)
               for source in (rung.source, rung.beside) if source]
    painter = painter_of(folders[0], wanted.device, quantisation=wanted.quantisation, beside=folders[-1])
    return nn.ModuleList(painter.parts), painter


_LOADERS: dict[Loader, Callable[[_Wanted], tuple[Any, Tool]]] = {
    "canvas-detector": _canvas_detector,
    "image-network": _image_network,
    "zero-shot-detector": _zero_shot_detector,
    "frame-scorer": _frame_scorer,
    "language-model": _language_model,
    "vlm": _vlm,
    "diffusion": _diffusion,
}


def _source(rung: Rung) -> str:
    return str(catalogue.folder_of(rung)) if rung.is_on_disk else rung.source


def _weights(auto_class: Any, rung: Rung, quantisation: Quantisation, device: str,  # Any: as of `network`
             held: Held | None) -> PreTrainedModel:
    """Return the network in evaluation mode on its device; its class must be the one the catalogue names."""
    dtype = getattr(torch, rung.dtype)
    is_auto = auto_class.__name__.startswith("Auto")
    skeleton = _skeleton(auto_class, rung, held) if is_auto and (held or quantisation != "none") else None
    packed = config_for(quantisation, skeleton, compute_dtype=dtype) if skeleton and quantisation != "none" else None
    model = auto_class.from_pretrained(
        _source(rung),
        use_safetensors=True,
        dtype=dtype,
        quantization_config=packed,
        device_map=device if packed else None,
        **(_OPTIONS if is_auto else {"local_files_only": True}),
    )
    for part in model.modules():
        if isinstance(own := getattr(part, "config", None), PretrainedConfig):
            own.return_dict = True  # a config that says otherwise is asked for tuples, also by its own class
    return model.eval() if packed else model.eval().to(device)


def _skeleton(auto_class: Any, rung: Rung, held: Held | None) -> PreTrainedModel:  # Any: as of `network`
    """Return the model without memory behind it. Raises InputError where it is of another class, or larger than its shards."""
    config = AutoConfig.from_pretrained(_source(rung), **_OPTIONS)
    with _building, torch.device("meta"):
        skeleton = auto_class.from_config(config)
    _check_class(type(skeleton).__name__, rung)
    if held is not None:
        is_packed = getattr(config, "quantization_config", None) is not None
        check_skeleton(skeleton, held, name=catalogue.name_of(rung), is_packed=is_packed)
    return skeleton


def _processor(rung: Rung) -> ProcessorMixin:
    return AutoProcessor.from_pretrained(_source(rung), backend="pil", **_OPTIONS)
