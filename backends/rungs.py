"""A model by what a person typed: its name in the catalogue, or the folder of a checkpoint."""

from pathlib import Path

from models.catalogue import Role, Rung, find, local_rung
from worlds.errors import InputError


def rung_of(name: str, role: Role) -> Rung:
    """Raises: InputError when there is no such rung, or it does something else."""
    if Path(name).is_absolute():
        return local_rung(name, role)
    rung = find(name)
    if rung.role != role:
        raise InputError(f"{rung.title} is a {rung.role}, not a {role}. Choose a {role}.")
    return rung
