"""The ladder of models: per role the miniature, then real checkpoints, each with what it costs and whether it is here.

A rung is a description only; `models.loading` turns it into a network. `availability` answers without the network, so
that a page can grey a rung out and say why. Hub rungs are read from the local cache unless ORRERY_ALLOW_DOWNLOAD=1.
A folder written by `save_pretrained` is a rung too, if it lies below ORRERY_MODELS_DIR and holds safetensors.
Numbers of parameters are those of the published checkpoints, rounded; memory is estimated from them.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from huggingface_hub import try_to_load_from_cache
from safetensors import SafetensorError, safe_open

from models import devices
from worlds.errors import InputError

Role = Literal["detector", "vlm", "similarity"]
Quantisation = Literal["none", "int8", "nf4"]
Loader = Literal["canvas-detector", "zero-shot-detector", "frame-scorer", "vlm"]

MINIATURES = Path(__file__).parent / "miniatures"
MAX_CONFIG_BYTES = 1_000_000
LINEAR_SHARE = 0.85  # of the parameters lie in linear layers; only these are quantised
WORKSPACE = 1.2  # activations and the loader's own copies, over the weights
_BYTES = {"float32": 4.0, "float16": 2.0, "bfloat16": 2.0}
_QUANTISED_BYTES = {"int8": 1.0, "nf4": 0.5 + 4 / 64}  # nf4: half a byte, and one float32 per 64 weights

DETECTOR_CLASSES = (
    "OwlViTForObjectDetection",
    "Owlv2ForObjectDetection",
    "GroundingDinoForObjectDetection",
    "MMGroundingDinoForObjectDetection",
)
SIMILARITY_CLASSES = ("CLIPModel", "SiglipModel", "Siglip2Model")
VLM_CLASSES = (
    "Qwen2_5_VLForConditionalGeneration",
    "Qwen3VLForConditionalGeneration",
    "SmolVLMForConditionalGeneration",
    "Idefics3ForConditionalGeneration",
    "LlavaForConditionalGeneration",
    "LlavaOnevisionForConditionalGeneration",
)
_PACKAGES = {"SmolVLMForConditionalGeneration": "num2words"}  # which its processor imports, for videos only
_CLASSES: Mapping[str, tuple[tuple[str, ...], Loader]] = {
    "detector": (DETECTOR_CLASSES, "zero-shot-detector"),
    "similarity": (SIMILARITY_CLASSES, "frame-scorer"),
    "vlm": (VLM_CLASSES, "vlm"),
}


@dataclass(frozen=True)
class Rung:
    """One model on the ladder of its role.

    `source` is a folder below `models/miniatures`, an absolute local folder, or a hub id. `theta` (a target counts as
    found above it) and `floor` (boxes below it are dropped) are a detector's defaults: OWL's scores are far lower than
    those of YOLO-World, for which the paper gives 0.6.
    """

    name: str
    role: Role
    title: str
    source: str
    loader: Loader
    architecture: str
    licence: str
    parameters: int
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    quantisations: tuple[Quantisation, ...] = ("none", "int8", "nf4")
    is_miniature: bool = False
    is_local: bool = False
    note: str = ""
    theta: float | None = None
    floor: float | None = None

    @property
    def memory_mb(self) -> Mapping[Quantisation, int]:
        """Estimated memory in MB while it runs, per quantisation that it allows."""
        return MappingProxyType({kind: _memory_mb(self, kind) for kind in self.quantisations})


@dataclass(frozen=True)
class Availability:
    """Whether a rung can be used here now, and one sentence why, or what it will cost."""

    ok: bool
    reason: str


def _memory_mb(rung: Rung, quantisation: Quantisation) -> int:
    plain = _BYTES[rung.dtype]
    linear = _QUANTISED_BYTES.get(quantisation, plain)
    per_parameter = LINEAR_SHARE * linear + (1 - LINEAR_SHARE) * plain
    return max(1, round(rung.parameters * per_parameter * WORKSPACE / devices.MB))


def _detector(name: str, source: str, architecture: str, millions: int, **facts: Any) -> Rung:
    title = str(facts.pop("title"))
    return Rung(name, "detector", title, source, "zero-shot-detector", architecture, "apache-2.0", millions * 1_000_000, **facts)


def _vlm(name: str, source: str, architecture: str, millions: int, **facts: Any) -> Rung:
    title = str(facts.pop("title"))
    licence = str(facts.pop("licence", "apache-2.0"))
    return Rung(name, "vlm", title, source, "vlm", architecture, licence, millions * 1_000_000, "bfloat16", **facts)


RUNGS: tuple[Rung, ...] = (
    Rung(
        name="canvas-detector",
        role="detector",
        title="Canvas detector (miniature)",
        source="canvas-detector",
        loader="canvas-detector",
        architecture="CanvasDetector",
        licence="apache-2.0",
        parameters=2_000_000,
        quantisations=("none",),
        is_miniature=True,
        note="Trained here on drawn scenes; it knows their objects only, never a photograph's.",
        theta=0.5,
        floor=0.05,
    ),
    _detector(
        "owlvit-base-patch32",
        "google/owlvit-base-patch32",
        "OwlViTForObjectDetection",
        153,
        title="OWL-ViT B/32",
        note="The best choice without a GPU: about 1.1 s for a canvas on one core. Squashes to 768 × 768.",
        theta=0.15,
        floor=0.05,
    ),
    _detector(
        "owlvit-base-patch16",
        "google/owlvit-base-patch16",
        "OwlViTForObjectDetection",
        153,
        title="OWL-ViT B/16",
        note="Four times the patches of B/32: about 5.6 s for a canvas on one core.",
        theta=0.15,
        floor=0.05,
    ),
    _detector(
        "owlv2-base-patch16-ensemble",
        "google/owlv2-base-patch16-ensemble",
        "Owlv2ForObjectDetection",
        155,
        title="OWLv2 B/16 ensemble",
        note="The best boxes per second of a GPU; about 11 s for a canvas on one core. Pads to a square of 960.",
        theta=0.3,
        floor=0.05,
    ),
    _detector(
        "grounding-dino-tiny",
        "IDEA-Research/grounding-dino-tiny",
        "GroundingDinoForObjectDetection",
        172,
        title="Grounding DINO tiny",
        note="Reads all names as one sentence; about 21 s for a canvas on one core.",
        theta=0.35,
        floor=0.25,
    ),
    _detector(
        "mm-grounding-dino-tiny",
        "openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg_v3det",
        "MMGroundingDinoForObjectDetection",
        172,
        title="MM Grounding DINO tiny",
        note="Grounding DINO trained anew on open data; as slow.",
        theta=0.35,
        floor=0.25,
    ),
    Rung(
        name="clip-vit-base-patch32",
        role="similarity",
        title="CLIP ViT-B/32",
        source="openai/clip-vit-base-patch32",
        loader="frame-scorer",
        architecture="CLIPModel",
        licence="mit",
        parameters=151_000_000,
        note="One cosine per frame and sentence.",
    ),
    Rung(
        name="siglip2-base-patch16-224",
        role="similarity",
        title="SigLIP 2 B/16",
        source="google/siglip2-base-patch16-224",
        loader="frame-scorer",
        architecture="SiglipModel",  # the fixed-size checkpoints of SigLIP 2 are published in the first SigLIP's class
        licence="apache-2.0",
        parameters=375_000_000,
        note="Better than CLIP on small things; its vocabulary of 256,000 words is half of its weight.",
    ),
    _vlm(
        "qwen2.5-vl-3b",
        "Qwen/Qwen2.5-VL-3B-Instruct",
        "Qwen2_5_VLForConditionalGeneration",
        3755,
        title="Qwen2.5-VL 3B",
        licence="qwen-research",
        note="Research licence: no commercial use.",
    ),
    _vlm(
        "qwen2.5-vl-7b",
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "Qwen2_5_VLForConditionalGeneration",
        8292,
        title="Qwen2.5-VL 7B",
        note="The authors' own code runs this family. In nf4 with 8 frames it fits a GPU of 16 GB.",
    ),
    _vlm(
        "qwen3-vl-2b",
        "Qwen/Qwen3-VL-2B-Instruct",
        "Qwen3VLForConditionalGeneration",
        2128,
        title="Qwen3-VL 2B",
        note="Later than the paper.",
    ),
    _vlm(
        "qwen3-vl-4b",
        "Qwen/Qwen3-VL-4B-Instruct",
        "Qwen3VLForConditionalGeneration",
        4438,
        title="Qwen3-VL 4B",
        note="Later than the paper.",
    ),
    _vlm(
        "smolvlm2-2.2b",
        "HuggingFaceTB/SmolVLM2-2.2B-Instruct",
        "SmolVLMForConditionalGeneration",
        2247,
        title="SmolVLM2 2.2B",
        note="Made for small machines.",
    ),
    _vlm(
        "llava-onevision-0.5b",
        "llava-hf/llava-onevision-qwen2-0.5b-ov-hf",
        "LlavaOnevisionForConditionalGeneration",
        894,
        title="LLaVA-OneVision 0.5B",
        note="The smallest that reads several pictures; it often misses the two lines that grounding asks for.",
    ),
    _vlm(
        "llava-onevision-7b",
        "llava-hf/llava-onevision-qwen2-7b-ov-hf",
        "LlavaOnevisionForConditionalGeneration",
        8030,
        title="LLaVA-OneVision 7B",
        note="The paper's open grounding model.",
    ),
)


def rungs(role: Role) -> tuple[Rung, ...]:
    """Return the ladder of one role, the smallest step first."""
    return tuple(rung for rung in RUNGS if rung.role == role)


def find(name: str) -> Rung:
    """Return the rung of that name; raise InputError where no role has one."""
    for rung in RUNGS:
        if rung.name == name:
            return rung
    raise InputError(f"There is no model {name[:80]!r}. Choose one of: {', '.join(rung.name for rung in RUNGS)}.")


def downloads_allowed() -> bool:
    """Return whether a load may fetch from the hub: ORRERY_ALLOW_DOWNLOAD=1 and not HF_HUB_OFFLINE=1."""
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}
    return os.environ.get("ORRERY_ALLOW_DOWNLOAD") == "1" and not offline


def availability(rung: Rung, device: str | None = None, quantisation: Quantisation = "none") -> Availability:
    """Return whether the rung's files are here and fit the device; looks at the disk only, never at the network."""
    device = device or devices.best_device()
    if quantisation not in rung.quantisations:
        return Availability(False, f"{rung.title} does not run in {quantisation}; it does in {_words(rung.quantisations)}.")
    missing = missing_files(rung)
    if missing:
        return Availability(False, missing)
    need_mb, limit_mb = rung.memory_mb[quantisation], devices.model_limit_mb(device)
    total_mb, free_mb = devices.total_and_free_mb(device)
    if need_mb > limit_mb:
        return Availability(
            False,
            f"{rung.title} needs about {need_mb:,} MB; models may take {limit_mb:,} MB of this machine's {total_mb:,} MB."
            f"{smaller_choice(rung, quantisation, limit_mb)}",
        )
    is_here = rung.is_miniature or rung.is_local or _cached_weights(rung.source)
    fetch = "" if is_here else " It is downloaded first."
    return Availability(True, f"Needs about {need_mb:,} MB; {free_mb:,} MB of {total_mb:,} MB are free now.{fetch}")


def smaller_choice(rung: Rung, quantisation: Quantisation, limit_mb: int) -> str:
    """Return " Choose ..." with a way to fit into `limit_mb`: a stronger quantisation or a smaller rung of the role."""
    for kind in rung.quantisations:
        if kind != quantisation and rung.memory_mb[kind] <= limit_mb:
            return f" Choose {kind}, which needs about {rung.memory_mb[kind]:,} MB."
    fitting = [other for other in rungs(rung.role) if min(other.memory_mb.values()) <= limit_mb and other != rung]
    if fitting:
        other = max(fitting, key=lambda rung: rung.parameters)
        kind = min(other.memory_mb, key=lambda kind: other.memory_mb[kind])
        how = "" if kind == "none" else f" in {kind}"
        return f" Choose {other.title}{how}, which needs about {other.memory_mb[kind]:,} MB."
    return " No model of this role fits; a machine with more memory is needed."


def missing_files(rung: Rung) -> str:
    """Return one sentence on what is missing on this disk, or an empty string when a load can start."""
    package = _PACKAGES.get(rung.architecture)
    if package and find_spec(package) is None:
        return f"{rung.title} needs the package {package}, which is not installed. Install it with: pip install {package}."
    if rung.is_miniature or rung.is_local:
        folder = folder_of(rung)
        if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            return ""
        if rung.is_local:
            return f"{rung.title} has no config.json with safetensors weights any more. Write it again with save_pretrained."
        recipe = rung.name.replace("-", "_")
        return f"{rung.title} is not in this copy. Make it with: python -m models.recipes.{recipe}."
    if _cached_weights(rung.source) or downloads_allowed():
        return ""
    return (
        f"{rung.source} is not in this machine's model cache. Set ORRERY_ALLOW_DOWNLOAD=1 to fetch it, or fetch it "
        f"with: hf download {rung.source}."
    )


def folder_of(rung: Rung) -> Path:
    """Return the folder of a miniature or a local rung."""
    return Path(rung.source) if rung.is_local else MINIATURES / rung.source


def _cached_weights(hub_id: str) -> bool:
    """Return whether config and every safetensors shard of a hub id lie in the local cache."""
    if not isinstance(try_to_load_from_cache(hub_id, "config.json"), str):
        return False
    if isinstance(try_to_load_from_cache(hub_id, "model.safetensors"), str):
        return True
    index = try_to_load_from_cache(hub_id, "model.safetensors.index.json")
    if not isinstance(index, str):
        return False
    try:
        shards = set(json.loads(Path(index).read_text())["weight_map"].values())
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return all(isinstance(try_to_load_from_cache(hub_id, shard), str) for shard in shards)


def local_rung(path: str | Path, role: Role) -> Rung:
    """Return the rung of a folder written by save_pretrained.

    Raises:
        InputError: the folder lies outside ORRERY_MODELS_DIR, holds no safetensors (pickled weights are never
            read), or its class is none that this role runs.
    """
    if role not in get_args(Role):
        raise InputError(f"There is no role {role!r}. The roles are {_words(get_args(Role))}.")
    folder = _allowed_folder(path)
    architecture, dtype = _read_config(folder, role)
    return Rung(
        name=f"local:{folder.name}",
        role=role,
        title=f"{folder.name} (local folder)",
        source=str(folder),
        loader=_CLASSES[role][1],
        architecture=architecture,
        licence="its owner's",
        parameters=_count_parameters(folder),
        dtype=dtype,
        is_local=True,
        note=f"A local folder of class {architecture}.",
        theta=0.2 if role == "detector" else None,
        floor=0.05 if role == "detector" else None,
    )


def _allowed_folder(path: str | Path) -> Path:
    root_text = os.environ.get("ORRERY_MODELS_DIR")
    if not root_text:
        raise InputError("Local model folders are off. Set ORRERY_MODELS_DIR to the folder that holds them.")
    if "\x00" in str(path):
        raise InputError("The model folder's name holds a null character. Name a folder below ORRERY_MODELS_DIR.")
    root = Path(root_text).resolve()
    folder = (root / path).resolve()  # follows links and "..", so that neither leads outside
    if folder == root or not folder.is_relative_to(root):
        raise InputError(f"The model folder {str(path)[:80]!r} is not below ORRERY_MODELS_DIR. Name a folder inside it.")
    if not folder.is_dir():
        raise InputError(f"There is no model folder {str(path)[:80]!r}. Name a folder that lies in ORRERY_MODELS_DIR.")
    for file in folder.iterdir():
        if not file.resolve().is_relative_to(root):
            raise InputError(f"{file.name[:80]!r} in {folder.name!r} links outside ORRERY_MODELS_DIR. Copy the file itself.")
    return folder


def _read_config(folder: Path, role: Role) -> tuple[str, Literal["float32", "float16", "bfloat16"]]:
    file = folder / "config.json"
    if not file.is_file() or file.stat().st_size > MAX_CONFIG_BYTES:
        raise InputError(f"{folder.name!r} has no config.json of at most 1 MB. Write the folder with save_pretrained.")
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        architecture = str(config["architectures"][0])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(f'config.json of {folder.name!r} names no class. It must hold "architectures".') from error
    known = _CLASSES[role][0]
    if architecture not in known:
        raise InputError(f"{folder.name!r} is a {architecture[:80]!r}, which is no {role} here. Known are {_words(known)}.")
    dtype: Any = config.get("dtype") or config.get("torch_dtype") or "float32"
    return architecture, dtype if dtype in _BYTES else "float32"


def _count_parameters(folder: Path) -> int:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickled = any(folder.glob("*.bin")) or any(folder.glob("*.pt*")) or any(folder.glob("*.ckpt"))
        found = "only pickled weights" if pickled else "no weights"
        raise InputError(f"{folder.name!r} holds {found}. Save it as safetensors: nothing else is read here.")
    parameters = 0
    for file in files:
        try:
            with safe_open(file, framework="pt") as weights:
                for key in weights.keys():  # noqa: SIM118  # not a dict
                    size = 1
                    for length in weights.get_slice(key).get_shape():
                        size *= length
                    parameters += size
        except (SafetensorError, OSError) as error:
            raise InputError(f"{file.name!r} in {folder.name!r} is not a readable safetensors file. Save it again.") from error
    return parameters


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(names)
