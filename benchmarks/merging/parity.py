"""The same recipe through mergekit and through this app: the largest difference of any number, for every method that both have.

    ORRERY_MERGEKIT_PYTHON=/somewhere/bin/python python -m benchmarks.merging.parity
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import LlamaConfig

from backends.merging.mergekit_yaml import write_yaml
from backends.merging.methods import drawn
from backends.merging.mix import Mix, by_part
from benchmarks.merging import by_mergekit, by_us
from benchmarks.merging.made import MISSING, mergekit_python, write
from benchmarks.tables import markdown

MOST = 1e-5
LAYERS = 6
SIZES = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": LAYERS, "num_attention_heads": 8,
         "num_key_value_heads": 4, "vocab_size": 512, "tie_word_embeddings": False}
IN = {"embeddings": "in"}
MIXES: Mapping[str, Mix] = {
    "linear, 0.9": Mix(), "linear, gradient": Mix(vlm=(0.9, 0.2, 0.6), **IN), "linear, layers 2 to 4": Mix(vlm=0.5, layers=(2, 5)),
    "linear, gradient, layers 3 to 5": Mix(vlm=(0.3, 0.8), layers=(3, 6)),
    "linear, by part": Mix(vlm=by_part(attention=0.9, mlp=(0.4, 0.8), norm=1.0), **IN),
    "linear, MLP only": Mix(vlm=0.3, parts=("mlp",)),
    "SLERP, 0.7": Mix("slerp", vlm=0.7, **IN), "SLERP, gradient": Mix("slerp", vlm=(1.0, 0.0, 0.5), **IN),
    "task arithmetic, 1 + 1": Mix("task_arithmetic", vlm=1.0, reason=1.0), "task arithmetic, scaled": Mix(
        "task_arithmetic", vlm=0.8, reason=0.7, scale=(0.5, 1.5), **IN),
    "TIES, density 0.2": Mix("ties", vlm=1.0, reason=1.0, density=0.2, **IN),
    "TIES, 1.6 and 0.2": Mix("ties", vlm=1.6, reason=0.2, density=(0.2, 0.7), scale=1.5),
    "TIES, not divided": Mix("ties", vlm=1.0, reason=0.6, density=0.5, normalize=False, **IN),
    "DARE, density 1": Mix("dare_linear", vlm=1.0, reason=0.8, rescale="l1", **IN),
    "DARE, masks given": Mix("dare_linear", vlm=1.0, reason=0.8, density=0.4, rescale="l1", **IN),
    "DARE, no rescale": Mix("dare_linear", vlm=1.0, reason=0.8, density=0.4, rescale="none", **IN),
    "DARE with signs, density 1": Mix("dare_ties", vlm=1.0, reason=0.8, rescale="l1", **IN),
    "DARE with signs, masks given": Mix("dare_ties", vlm=1.0, reason=0.8, density=0.4, rescale="l1", normalize=False, **IN),
}


def section() -> str:
    """The largest differences, or a line where mergekit is missing."""
    python = mergekit_python()
    told = _table(python) if python else MISSING
    return f"## Beside mergekit\n\nThe same recipe, float32, {LAYERS} layers of width 256; asked: at most {MOST:g}.\n\n{told}"


def _table(python: str) -> str:
    with tempfile.TemporaryDirectory(prefix="orrery-parity-") as outside:
        root = Path(outside)
        folders = {name: write(root / name, LlamaConfig(**SIZES), seed=seed, dtype=torch.float32, shard_mb=4, near=near)
                   for name, seed, near in (("base", 0, None), ("vlm", 1, 0), ("reason", 2, 0))}
        jobs = {name: _job(mix, folders, root / str(number)) for number, (name, mix) in enumerate(MIXES.items())}
        subprocess.run([python, by_mergekit.__file__, *(part for job in jobs.values() for part in job)], check=True,
                       stdout=subprocess.DEVNULL)
        found = {name: _difference(Path(recipe).parent) for name, (recipe, _, _) in jobs.items()}
    return markdown(("merge", "largest difference", ""), [
        [name, f"{value:.1e}", "equal" if value == 0 else "" if value <= MOST else "**too far**"] for name, value in found.items()])


def _job(mix: Mix, folders: Mapping[str, Path], out: Path) -> tuple[str, str, str]:
    """Write a recipe, merge it here, and return what mergekit is told of it."""
    out.mkdir()
    recipe, masks = out / "recipe.yaml", "-"
    text, _ = write_yaml(mix, vlm=str(folders["vlm"]), reason=str(folders["reason"]), base=str(folders["base"]), num_layers=LAYERS)
    recipe.write_text(text)
    if mix.method.startswith("dare") and mix.density != 1:
        masks = str(out / "masks.safetensors")
        save_file(_masks(mix, folders), masks)
    by_us.main(str(recipe), str(out / "ours"))
    return str(recipe), str(out / "theirs"), masks


def _difference(out: Path) -> float:
    """The largest difference of any number of the two results."""
    theirs, ours = _all(out / "theirs"), _all(out / "ours")
    if theirs.keys() != ours.keys():
        raise ValueError(f"the results have other tensors: {sorted(theirs.keys() ^ ours.keys())[:5]}")
    return max(float((theirs[name] - ours[name]).abs().max()) for name in ours)


def _masks(mix: Mix, folders: Mapping[str, Path]) -> dict[str, Tensor]:
    """What DARE keeps here, by the digests of the task vectors."""
    base, found = _all(folders["base"]), {}
    for whose in ("vlm", "reason"):
        for name, tensor in _all(folders[whose]).items():
            mask = drawn(tensor.shape, mix.densities(name, LAYERS)[0], seed=mix.seed, name=f"{whose} {name}")
            if mask is not None:
                found[by_mergekit.key_of(tensor - base[name])] = mask
    return found


def _all(folder: Path) -> dict[str, Tensor]:
    return {name: tensor for file in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(file).items()}


if __name__ == "__main__":
    print(section())
