"""How far both children of a base went, as a result keeps it: by layer and kind of module where tensors were told, else by layer."""

import math
from collections.abc import Iterable, Mapping

from backends.merging.diagnostics import Moved
from backends.merging.mix import PARTS, layer_of, part_of
from backends.merging.results import Apart


def by_part(tensors: Iterable[tuple[str, Moved]]) -> tuple[Apart, ...]:
    """A row for every layer's modules of a kind, and for the last norm."""
    found: dict[tuple[int | None, str], Moved] = {}
    for name, one in tensors:
        place = (layer_of(name), part_of(name) or "")
        found[place] = found.get(place, Moved()) + one
    rows = sorted(found.items(), key=lambda row: (row[0][0] is None, row[0][0] or 0, (*PARTS, "").index(row[0][1])))  # type: ignore[arg-type]
    return tuple(_row(layer, part, one) for (layer, part), one in rows)


def by_layer(layers: Mapping[int | None, Moved]) -> tuple[Apart, ...]:
    """A row for every layer, and for what is in none."""
    return tuple(_row(layer, "", one) for layer, one in layers.items())


def _row(layer: int | None, part: str, one: Moved) -> Apart:
    return Apart(layer=layer, part=part, vlm=_known(one.vlm_share), reasoner=_known(one.reason_share), cosine=_known(one.cosine),
                 models=_known(one.apart))


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
