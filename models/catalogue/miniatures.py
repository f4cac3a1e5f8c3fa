"""The miniatures that come with the app. Each declares its rung in its own card.json, so that a new one touches no Python."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.catalogue.rung import Rung, Stage
from worlds.errors import InputError

MINIATURES = Path(__file__).parents[1] / "miniatures"


def declared(card: Path) -> list[tuple[float, Rung]]:
    """Return what a card says of its rungs, each with its place among the miniatures.

    The card's "rung" holds the fields of `Rung`, as far as they are not the same for all; `stages` maps a name to a folder, or to
    a folder and the recipe that makes it; `stage` is the one that answers, `order` the place. A card of models of several roles has
    "rungs" instead, a list, each with its own `name`.

    Raises:
        ValueError, KeyError, TypeError: the card was not written by a recipe; a test reads them all.
    """
    said = json.loads(card.read_text(encoding="utf-8"))
    return [_declared(one, card.parent.name) for one in said.get("rungs") or [said["rung"]]]


def _declared(said: dict[str, Any], folder: str) -> tuple[float, Rung]:  # Any: JSON
    name = said.pop("name", folder)
    stages = {stage: Stage(**where) if isinstance(where, dict) else Stage(where) for stage, where in said.pop("stages", {}).items()}
    stage, order = said.pop("stage", None), said.pop("order")
    said |= {field: tuple(said[field]) for field in ("quantisations", "made_for") if field in said}
    source = f"{folder}/{stages[stage].folder}" if stage else folder
    return order, Rung(name=name, source=source, is_miniature=True, stages=stages, **said)


def declared_in(root: Path) -> tuple[Rung, ...]:
    """Return the rungs of all cards in the folders of `root`, in their order."""
    entries = [entry for card in root.glob("*/card.json") for entry in declared(card)]
    found = sorted(entries, key=lambda entry: (entry[0], entry[1].name))
    return tuple(rung for _, rung in found)


def declare(folder: Path, rung: Mapping[str, object], **more: object) -> None:
    """Write the card that makes a folder a rung, `rung` as in `declared`; what else is to be known of it stands beside."""
    (folder / "card.json").write_text(json.dumps({"rung": rung, **more}, indent=2) + "\n", encoding="utf-8")


def made_rung(folder: Path, name: str) -> Rung:
    """Return the rung of a model that was trained here a while ago and lies in `folder` with its card.

    Raises:
        InputError: the folder is gone or damaged.
    """
    try:
        ((_, rung),) = declared(folder / "card.json")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"The model {name[:80]!r} is damaged on this machine, or was removed. Train it again.") from error
    return replace(rung, name=name, source=str(folder), is_local=True)


SHIPPED = declared_in(MINIATURES)
