"""A model by what a person typed: its name in the catalogue, or the folder of a checkpoint, below ORRERY_MODELS_DIR or whole."""

from pathlib import Path

from models.catalogue import RUNGS, Role, Rung, is_local_name, local_rung, rungs
from worlds.errors import InputError


def rung_of(name: str, role: Role) -> Rung:
    """Raises: InputError when there is no such rung, or it does something else."""
    rung = next((rung for rung in RUNGS if rung.name == name), None)
    if rung is None and (Path(name).is_absolute() or is_local_name(name)):
        return local_rung(name, role)
    if rung is None:
        known = ", ".join(rung.name for rung in rungs(role))
        raise InputError(f"There is no {role} model {name[:80]!r}. Choose one of {known}, or a folder below ORRERY_MODELS_DIR.")
    if rung.role != role:
        raise InputError(f"{rung.title} is a {rung.role} model. Choose a {role} model.")
    return rung
