"""A model by what a setting says: its name in the catalogue, or that of a checkpoint's folder below ORRERY_MODELS_DIR. A setting
says which roles it takes.

Every front comes here, pages, REST, MCP and Python: what one takes, all take. A folder may be called by its name (`mine/epoch-3`), as
results call it (`local:mine/epoch-3`, also where a rung of the catalogue has the same name), or by its whole path, if that
leads below ORRERY_MODELS_DIR. Whatever leads outside is refused before anything of it is looked at.
"""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from backends.made import PREFIX
from models import catalogue
from models.catalogue import LOCAL, RUNGS, Role, Rung, is_local_name, local_names, local_rung, made_rung, rungs
from worlds.errors import InputError

WORDS: dict[Role, tuple[str, str]] = {  # one of them, several
    "detector": ("a detector", "detectors"), "similarity": ("a similarity model", "similarity models"),
    "language": ("a language model", "language models"), "vlm": ("a vision-language model", "vision-language models"),
    "diffusion": ("a diffusion transformer", "diffusion transformers")}
NEAR = 3  # names offered for one that is mistyped
MAX_FOLDERS = 1_000  # that are looked at for it


def rung_of(name: str, *roles: Role, made: Callable[[str], Path] | None = None) -> Rung:
    """Return the rung that was named.

    Args:
        roles: what the setting takes, the first choice first.
        made: finds the folder of a model that an earlier run of the session made.
    Raises:
        InputError: there is no such rung, or it does something else; the nearest names come first.
    """
    rung = next((rung for rung in RUNGS if rung.name == name), None)
    if name.startswith(PREFIX) and made is not None:
        rung = made_rung(made(name), name)
    if rung is None and (name.startswith(LOCAL) or Path(name).is_absolute() or is_local_name(name)):
        return _folder(name.removeprefix(LOCAL), roles)
    if rung is None:
        raise InputError(f"There is no model {name[:80]!r}.{_meant(name, roles)} {_taken(roles)}")
    if rung.role not in roles:
        raise InputError(f"{rung.title} is {WORDS[rung.role][0]}. {_taken(roles)}")
    return rung


def packed(name: str, quantisation: str) -> str:
    """Return a model's name as a result carries it: with how its weights are packed, where they are."""
    return name if quantisation == "none" else f"{name} ({quantisation})"


def at_revision(rung: Rung, quantisation: str) -> str:
    """Return the same of a rung, with its revision where it has one."""
    revision = "" if rung.is_local else catalogue.folder_of(rung).name.removeprefix(f"{rung.name}-")[:12]
    return packed(f"{rung.name}@{revision}" if revision else rung.name, quantisation)


def _folder(name: str, roles: Sequence[Role]) -> Rung:
    """Return the rung of a folder in the first role that it can have."""
    refused: list[InputError] = []
    for role in roles:
        try:
            return local_rung(name, role)
        except InputError as error:
            refused.append(error)
    raise refused[0] if len(set(map(str, refused))) == 1 else InputError(" ".join(map(str, refused)))


def _meant(name: str, roles: Sequence[Role]) -> str:
    """Offer the nearest names of the setting's roles, by their names or titles, and of folders."""
    spelled = {folder.lower(): folder for folder in local_names(most=MAX_FOLDERS)}
    spelled |= {text.lower(): rung.name for role in roles for rung in rungs(role) for text in (rung.name, rung.title)}
    near = list(dict.fromkeys(spelled[text] for text in get_close_matches(name.lower()[:80], spelled, n=2 * NEAR, cutoff=0.55)))
    return f" Did you mean {' or '.join(near[:NEAR])}?" if near else ""


def _taken(roles: Sequence[Role]) -> str:
    """Say what the setting takes, its first role first."""
    taken = " or ".join(WORDS[role][0] for role in roles)
    listed = [f"{WORDS[role][1].capitalize()}: {', '.join(rung.name for rung in rungs(role))}." for role in roles]
    return f"This setting takes {taken}, or a folder below ORRERY_MODELS_DIR. {' '.join(listed)}"
