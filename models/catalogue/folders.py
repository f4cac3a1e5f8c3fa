"""Folders of one's own: one written by `save_pretrained` is a rung too, if it lies below ORRERY_MODELS_DIR and holds safetensors."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from models.catalogue.ladder import RUNGS, rungs
from models.catalogue.rung import BYTES, PIPELINE, Loader, Precision, Role, Rung
from models.checking import check_config, read_config
from models.shards import held_in, held_in_file
from worlds.errors import InputError

MAX_LOOKED_AT = 1_000  # folders on each level below ORRERY_MODELS_DIR
LOCAL = "local:"  # before the name of a folder, as results say it; also where a rung of the catalogue has that name

DETECTOR_CLASSES = (
    "OwlViTForObjectDetection",
    "Owlv2ForObjectDetection",
    "GroundingDinoForObjectDetection",
    "MMGroundingDinoForObjectDetection",
)
SIMILARITY_CLASSES = ("CLIPModel", "SiglipModel", "Siglip2Model")
VLM_CLASSES = (
    "Qwen2VLForConditionalGeneration",
    "Qwen2_5_VLForConditionalGeneration",
    "Qwen3VLForConditionalGeneration",
    "SmolVLMForConditionalGeneration",
    "Idefics3ForConditionalGeneration",
    "LlavaForConditionalGeneration",
    "LlavaNextForConditionalGeneration",
    "LlavaOnevisionForConditionalGeneration",
    "PaliGemmaForConditionalGeneration",
    "Gemma3ForConditionalGeneration",
    "InternVLForConditionalGeneration",
    "VipLlavaForConditionalGeneration",
    "Mistral3ForConditionalGeneration",
    "Idefics2ForConditionalGeneration",
    "AyaVisionForConditionalGeneration",
)
LANGUAGE_CLASSES = (
    "LlamaForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen3ForCausalLM",
    "MistralForCausalLM",
    "GPTNeoXForCausalLM",
    "PhiForCausalLM",
    "GPTJForCausalLM",
    "OlmoForCausalLM",
)
DIFFUSION_CLASSES = ("DiTTransformer2DModel", "PixArtTransformer2DModel")
DIFFUSION_WEIGHTS = ("diffusion_pytorch_model.safetensors", "model.safetensors")
_CLASSES: Mapping[str, tuple[tuple[str, ...], Loader]] = {
    "detector": (DETECTOR_CLASSES, "zero-shot-detector"),
    "similarity": (SIMILARITY_CLASSES, "frame-scorer"),
    "vlm": (VLM_CLASSES, "vlm"),
    "language": (LANGUAGE_CLASSES, "language-model"),
    "diffusion": (DIFFUSION_CLASSES, "diffusion"),
}


def local_rung(path: str | Path, role: Role) -> Rung:
    """Return the rung of a folder written by save_pretrained.

    Raises:
        InputError: the folder lies outside ORRERY_MODELS_DIR, holds no safetensors (pickled weights are never
            read), its class is none that this role runs, or its config claims more than its weights hold.
    """
    if role not in get_args(Role):
        raise InputError(f"There is no role {role!r}. The roles are {', '.join(get_args(Role))}.")
    folder = _allowed_folder(path)
    network = folder / "transformer" if role == "diffusion" and (folder / PIPELINE).is_file() else folder
    config = read_config(network, name=folder.name)
    architecture, dtype = _class_and_dtype(config, folder.name, role)
    if role == "diffusion":  # its weights have a name of their own, and its config is checked by who builds it
        held = held_in_file(_diffusion_weights(network), name=folder.name)
    else:
        held = held_in(folder, name=folder.name)
        check_config(config, held, name=folder.name)
    theta, floor = family_thresholds(architecture) if role == "detector" else (None, None)
    place = folder.relative_to(_models_folder()).as_posix()  # two nested folders may have one name
    return Rung(
        name=f"{LOCAL}{place}",
        role=role,
        title=f"{place} (local folder)",
        source=str(folder),
        loader=_CLASSES[role][1],
        architecture=architecture,
        licence="its owner's",
        parameters=held.parameters,
        dtype=dtype,
        is_local=True,
        note=f"A local folder of class {architecture}.",
        theta=theta,
        floor=floor,
    )


def _diffusion_weights(folder: Path) -> Path:
    """Where a diffusion transformer's weights lie: as diffusers names them, or as a grafted one has them."""
    found = [folder / name for name in DIFFUSION_WEIGHTS if (folder / name).is_file()]
    if not found:
        raise InputError(f"{folder.name!r} holds none of {', '.join(DIFFUSION_WEIGHTS)}. Pickled weights are not read.")
    return found[0]


def family_thresholds(architecture: str) -> tuple[float | None, float | None]:
    """Return theta and floor of the published detectors of that class: a fine-tuned one scores on its family's scale."""
    return next(((rung.theta, rung.floor) for rung in rungs("detector") if rung.architecture == architecture), (None, None))


def is_local_name(name: str) -> bool:
    """Return whether a relative name is that of a folder below ORRERY_MODELS_DIR; nothing is told of other places."""
    root_text = os.environ.get("ORRERY_MODELS_DIR")
    if not root_text or not name.strip() or "\x00" in name:
        return False
    root = Path(root_text).resolve()
    folder = (root / name.removeprefix(LOCAL)).resolve()
    return folder != root and folder.is_relative_to(root) and os.path.isdir(folder)  # is_dir raises where a name is too long


def local_folders(*, most: int, depth: int = 3) -> list[Path]:
    """Return the folders below ORRERY_MODELS_DIR that hold a config.json or a pipeline, at most so many levels down, by name."""
    root_text = os.environ.get("ORRERY_MODELS_DIR")
    found: list[Path] = []
    level = [Path(root_text).resolve()] if root_text and Path(root_text).is_dir() else []
    for _ in range(depth):
        level = [path for folder in level for path in _subfolders(folder)][:MAX_LOOKED_AT]
        whole = [path for path in level if (path / PIPELINE).is_file()]  # its parts are no models of their own
        found += whole + [path for path in level if path not in whole and (path / "config.json").is_file()]
        level = [path for path in level if path not in whole]
    return sorted(found)[:most]


def local_names(*, most: int) -> list[str]:
    """Return the names by which settings call these folders."""
    return [local_name(path) for path in local_folders(most=most)]


def local_name(folder: Path) -> str:
    """Return what settings call a folder: the way to it from ORRERY_MODELS_DIR, marked where a rung has that name too."""
    place = folder.relative_to(_models_folder()).as_posix()
    return f"{LOCAL}{place}" if any(rung.name == place for rung in RUNGS) else place


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and not path.name.startswith("."))
    except OSError:  # one that may not be read
        return []


def _models_folder() -> Path:
    root_text = os.environ.get("ORRERY_MODELS_DIR")
    if not root_text:
        raise InputError("Local model folders are off. Set ORRERY_MODELS_DIR to the folder that holds them.")
    return Path(root_text).resolve()


def _allowed_folder(path: str | Path) -> Path:
    root = _models_folder()
    if "\x00" in str(path):
        raise InputError("The model folder's name holds a null character. Name a folder below ORRERY_MODELS_DIR.")
    folder = (root / path).resolve()  # follows links and "..", so that neither leads outside
    if folder == root or not folder.is_relative_to(root):
        raise InputError(f"The model folder {str(path)[:80]!r} is not below ORRERY_MODELS_DIR. Name a folder inside it.")
    if not os.path.isdir(folder):
        raise InputError(f"There is no model folder {str(path)[:80]!r}. Name a folder that lies in ORRERY_MODELS_DIR.")
    for place in (folder, *_subfolders(folder)):  # the parts of a pipeline have files of their own
        for file in place.iterdir():
            if not file.resolve().is_relative_to(root):
                raise InputError(f"{file.relative_to(folder).as_posix()[:80]!r} in {folder.name!r} links outside ORRERY_MODELS_DIR. "
                                 "Copy the file itself.")
    return folder


def _class_and_dtype(config: Mapping[str, Any], name: str, role: Role) -> tuple[str, Precision]:  # Any: JSON
    try:
        architecture = str(config["_class_name"] if role == "diffusion" else config["architectures"][0])
    except (KeyError, IndexError, TypeError) as error:
        due = "_class_name" if role == "diffusion" else "architectures"
        raise InputError(f'config.json of {name!r} names no class. It must hold "{due}".') from error
    known = _CLASSES[role][0]
    if architecture not in known:
        raise InputError(f"{name!r} is a {architecture[:80]!r}, which is no {role} here. Known are {', '.join(known)}.")
    found = config.get("dtype") or config.get("torch_dtype")
    return architecture, next((dtype for dtype in BYTES if dtype == found), "float32")
