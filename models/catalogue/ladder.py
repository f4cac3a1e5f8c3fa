"""The ladder of models: per role the miniature, then real checkpoints, each with what it costs and whether it is here.

`availability` answers without the network, so that a page can grey a rung out and say why. Hub rungs are read from the local
cache unless ORRERY_ALLOW_DOWNLOAD=1.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from models import devices, real
from models.catalogue.hub import PUBLISHED
from models.catalogue.miniatures import MINIATURES, SHIPPED
from models.catalogue.rung import PIPELINE, Availability, Loader, Quantisation, Role, Rung
from models.shards import shards_of
from worlds.errors import InputError
from worlds.haystack.samples import cache_folder

_EPOCH = re.compile(r"epoch (\d{1,4})")
_PACKAGES = {"SmolVLMForConditionalGeneration": "num2words"}  # which its processor imports, for videos only

_ROLES = dict.fromkeys(rung.role for rung in (*PUBLISHED, *SHIPPED))
RUNGS: tuple[Rung, ...] = tuple(rung for role in _ROLES for rung in (*SHIPPED, *PUBLISHED) if rung.role == role)


def rungs(role: Role, *systems: str) -> tuple[Rung, ...]:
    """Return the ladder of one role, the smallest step first; for some systems without the miniatures that were made for others."""
    return tuple(rung for rung in RUNGS if rung.role == role and suits(rung, *systems))


def suits(rung: Rung, *systems: str) -> bool:
    """Return whether a rung is offered to one of these systems; where none is named, to anybody."""
    return not systems or not rung.made_for or not set(systems).isdisjoint(rung.made_for)


def find(name: str) -> Rung:
    """Return the rung of that name; raise InputError where no role has one."""
    for rung in RUNGS:
        if rung.name == name:
            return rung
    raise InputError(f"There is no model {name[:80]!r}. Choose one of: {', '.join(rung.name for rung in RUNGS)}.")


def at_stage(rung: Rung, stage: str) -> Rung:
    """Return the same rung in another state of its training. Raises InputError where it has no such state."""
    if stage not in rung.stages:
        raise InputError(f"{rung.title} has no state {stage[:80]!r}. It has: {', '.join(rung.stages) or 'one only'}.")
    folder = rung.source.partition("/")[0]  # one card may declare several rungs
    return replace(rung, source=f"{folder}/{rung.stages[stage].folder}")


def epochs(rung: Rung) -> tuple[int, ...]:
    """Return the epochs at which a miniature was kept, in order; empty where it was kept once."""
    return tuple(sorted(int(match[1]) for stage in rung.stages if (match := _EPOCH.fullmatch(stage))))


def at_epoch(rung: Rung, epoch: int) -> Rung:
    """Return the same rung at another epoch of its training. Raises InputError where that epoch was not kept."""
    if epoch not in epochs(rung):
        kept = ", ".join(map(str, epochs(rung))) or "none"
        raise InputError(f"{rung.title} was not kept at epoch {epoch}. Kept epochs: {kept}.")
    return at_stage(rung, f"epoch {epoch}")


def make(rung: Rung) -> Path:
    """Return the folder of a miniature, or of a state of it, that its recipe makes in the cache if it is not here.

    Raises:
        InputError: no recipe makes it.
    """
    if missing_files(rung):
        recipe = _own_recipe(rung) or rung.recipe
        if not recipe:
            raise InputError(missing_files(rung))
        folder = _made_folder(rung)
        fresh = folder.with_name(f"{folder.name}.new")  # half of a model is none
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", *f"models.recipes.{recipe}".split(), "--out", str(fresh)]
        subprocess.run(command, check=True, stdout=sys.stderr, cwd=MINIATURES.parents[1])
        fresh.rename(folder)
    return folder_of(rung)


def _own_recipe(rung: Rung) -> str:
    """What makes the very state that the rung's source says, where that is not shipped; empty for any other."""
    below = rung.source.partition("/")[2]
    return next((stage.recipe for stage in rung.stages.values() if stage.folder == below), "")


def _made_folder(rung: Rung) -> Path:
    return cache_folder() / "miniatures" / rung.source


def downloads_allowed() -> bool:
    """Return whether a load may fetch from the hub: ORRERY_ALLOW_DOWNLOAD=1 and not HF_HUB_OFFLINE=1."""
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}
    return os.environ.get("ORRERY_ALLOW_DOWNLOAD") == "1" and not offline


def availability(rung: Rung, device: str | None = None, quantisation: Quantisation = "none") -> Availability:
    """Return whether the rung's files are here and fit the device; looks at the disk only, never at the network."""
    device = device or devices.best_device()
    if quantisation not in rung.quantisations:
        return Availability(False, f"{rung.title} does not run in {quantisation}; it does in {', '.join(rung.quantisations)}.")
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
    is_here = rung.is_on_disk or not _lacking(rung)
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
    if rung.is_packaged:
        return real.missing(rung.name, rung.title)
    if rung.is_on_disk:
        folder = folder_of(rung)
        if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            return ""
        if (folder / PIPELINE).is_file() and any(folder.glob("transformer/*.safetensors")):
            return ""
        if rung.is_local:
            return f"{rung.title} has no config.json with safetensors weights any more. Write it again with save_pretrained."
        out = f" --out {folder}" if folder == _made_folder(rung) else ""
        return f"{rung.title} is not in this copy. Make it with: python -m models.recipes.{_own_recipe(rung) or rung.recipe}{out}."
    lacking = _lacking(rung)
    if not lacking or downloads_allowed():
        return ""
    return (
        f"{lacking[0]} is not in this machine's model cache. Set ORRERY_ALLOW_DOWNLOAD=1 to fetch it, or fetch it "
        f"with: hf download {lacking[0]}."
    )


def folder_of(rung: Rung) -> Path:
    """Return the folder of a rung that is one of this machine, or will be; of any other, that of the hub id in the local cache.

    Raises:
        InputError: the cache does not have it.
    """
    if rung.is_packaged:
        return real.folder_of(rung.name)
    if rung.is_on_disk:
        if rung.is_local:
            return Path(rung.source)
        shipped = MINIATURES / rung.source
        return shipped if shipped.is_dir() or not _own_recipe(rung) else _made_folder(rung)
    return pipeline_folder(rung, rung.source) if rung.loader == "diffusion" else _here(rung, _cached_folder(rung.source))


def pipeline_folder(rung: Rung, source: str) -> Path:
    """Return the folder of a diffusion rung, or that of the hub id beside it. Raises InputError where the cache does not have it."""
    return folder_of(rung) if rung.is_on_disk else _here(rung, _cached_pipeline(source))


def _here(rung: Rung, folder: Path | None) -> Path:
    if folder is None:
        raise InputError(missing_files(rung))
    return folder


def name_of(rung: Rung) -> str:
    """Return what people call a rung's files: the hub id, or the folder's own name."""
    return Path(rung.source).name if rung.is_local else rung.source


def _cached_folder(hub_id: str) -> Path | None:
    """Return the folder of a hub id's newest files in the local cache."""
    config = try_to_load_from_cache(hub_id, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def _cached_pipeline(hub_id: str) -> Path | None:
    """Return the folder of a pipeline, or of parts of one, in the local cache."""
    configs = (try_to_load_from_cache(hub_id, f"{part}/config.json") for part in ("transformer", "vae"))
    return next((Path(config).parents[1] for config in configs if isinstance(config, str)), None)


def _lacking(rung: Rung) -> list[str]:
    """Return the hub ids of a rung that are not in the local cache."""
    return [source for source in (rung.source, rung.beside) if source and not _is_cached(source, rung.loader)]


def _is_cached(hub_id: str, loader: Loader) -> bool:
    """Return whether config and every safetensors shard of a hub id lie in the local cache."""
    if loader == "diffusion":
        folder = _cached_pipeline(hub_id)
        return folder is not None and any(folder.glob("*/*.safetensors"))
    folder = _cached_folder(hub_id)
    try:
        return folder is not None and bool(shards_of(folder, name=hub_id))
    except InputError:
        return False
