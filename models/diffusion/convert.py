"""Between the official layout of DiT, grafted or not, and folders of diffusers: `python -m models.diffusion.convert FROM TO`.

    python -m models.diffusion.convert model.pt folder [--pipeline OTHER]     a folder, or a whole pipeline with OTHER's decoder
    python -m models.diffusion.convert folder model.safetensors               and back, as .safetensors or .pt

Weights come out as they went in, bit for bit, in single precision.
"""

import argparse
import shutil
import sys
from pathlib import Path

from models.catalogue.rung import PIPELINE
from models.diffusion.choices import Operator
from models.diffusion.folders import CONFIG, Graft, load_folder, save_folder
from models.diffusion.official import Official, load_official, save_official
from models.diffusion.pipelines import TRANSFORMER, VAE
from worlds.errors import InputError

OURS = (CONFIG, PIPELINE)  # a folder with one of these may be written anew
UNKNOWN = "0" * 64  # the hash of a base that nobody knows


def convert(source: Path, target: Path, *, pipeline: Path | None = None, heads: int | None = None) -> str:
    """Write `source` in the other layout; returns what was done, in a sentence.

    Args:
        pipeline: a folder whose decoder and names of kinds are put beside the transformer.
        heads: of attention, where the width does not tell.
    Raises:
        InputError: it cannot be read, or the other layout cannot say it.
    """
    if source.is_dir():
        model = load_folder(source)
        save_official(model, target)
        return f"{target.name} holds {source.name} in the official layout."
    if target.exists() and not any((target / one).exists() for one in OURS) and (target.is_file() or any(target.iterdir())):
        raise InputError(f"{target.name!r} is there and is no model's folder, and what it holds would be lost. Name another.")
    if pipeline is not None and target.exists() and target.samefile(pipeline):
        raise InputError(f"{target.name!r} is the pipeline itself. Name another folder to write to.")
    read = load_official(source, heads=heads)
    graft = _graft(read)
    if pipeline is None:
        save_folder(read.model, target, graft=graft)
    else:
        for part in (VAE, PIPELINE):
            if not (pipeline / part).exists():
                raise InputError(f"{pipeline.name[:80]!r} has no {part}. Name a pipeline of a DiT that diffusers wrote.")
        target.mkdir(parents=True, exist_ok=True)
        save_folder(read.model, target / TRANSFORMER, graft=graft)
        shutil.copytree(pipeline / VAE, target / VAE, dirs_exist_ok=True)
        shutil.copy(pipeline / PIPELINE, target / PIPELINE)
    what = "no graft that its names tell of" if graft is None else (
        f"{graft.operator} in {len(graft.layers)} layer{'s' if len(graft.layers) > 1 else ''}")
    return f"{target.name} holds {source.name}: {what}."


def _graft(read: Official) -> Graft | None:
    """What the names tell of, as a folder says it; the released files do not say on which weights it was made.

    Raises:
        InputError: there are two kinds of operators, of which a folder has no word.
    """
    if not read.operators:
        return None
    kinds: set[Operator] = set(read.operators.values())
    if len(kinds) > 1:
        raise InputError(f"It holds {' and '.join(sorted(kinds))}, and a folder describes one kind of graft.")
    layers = tuple(sorted(layer for layer, _place in read.operators))
    return Graft(operator=kinds.pop(), layers=layers, stage="stage 2", seed=0, base=UNKNOWN)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("source", type=Path)
    asked.add_argument("target", type=Path)
    asked.add_argument("--pipeline", type=Path)
    asked.add_argument("--heads", type=int)
    given = asked.parse_args()
    try:
        print(convert(given.source, given.target, pipeline=given.pipeline, heads=given.heads))
    except InputError as error:
        sys.exit(str(error))
