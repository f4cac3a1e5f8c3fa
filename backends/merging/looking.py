"""Task "probe": where seeing and reasoning live. One layer at a time is changed, before and after the merge, and skills are counted.

The masking is the paper's: a module's matrices become constant, 1/N, with the merge made before it. The released code masks first,
and what it then loads takes the mask away.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from backends.merging.inside import looked
from backends.merging.masking import Masked, masked, with_layer_of
from backends.merging.parents import Family
from backends.merging.results import Looking, Probed
from backends.merging.settings import MergingSettings
from backends.merging.trying import asked_of, gallery, skills_of
from backends.run import Progress

PARTS: tuple[Masked, ...] = get_args(Masked)


def look(settings: MergingSettings, family: Family) -> Iterator[Progress | Looking]:
    """Yield both models as they are, then one change after another."""
    mix, layers = settings.mix(family.num_layers), family.num_layers
    child = family.merged(mix)
    found = Looking(vlm=skills_of(family.vlm, settings), child=skills_of(child, settings), num_layers=layers,
                    count=settings.num_questions)
    if settings.looks:
        item = gallery(settings)[0]
        found = found.model_copy(update={"question": asked_of(item),
                                         "looked": (looked(family.vlm, item, "vlm"), looked(child, item, "child"))})
    yield found
    count = sum({"mask": 4 * layers, "reset": layers, "graft": 2 * (layers - 1)}[probe] for probe in settings.probes)
    for done, probed in enumerate(_probes(settings, family), start=1):
        found = found.model_copy(update={"probes": (*found.probes, probed)})
        yield found
        yield Progress(done / (count + 1), _said(probed))


def _probes(settings: MergingSettings, family: Family) -> Iterator[Probed]:
    if "mask" in settings.probes:
        yield from _masked(settings, family)
    if "reset" in settings.probes:
        yield from _reset(settings, family)
    if "graft" in settings.probes:
        yield from _grafted(settings, family)  # last: it makes other children


def _masked(settings: MergingSettings, family: Family) -> Iterator[Probed]:
    for of, model in (("vlm", family.vlm), ("child", family.child)):
        for layer in range(family.num_layers):
            for part in PARTS:
                with masked(model, layer, part):
                    skills = skills_of(model, settings)
                yield Probed(kind="mask", of=of, layer=layer, end=layer + 1, part=part, skills=skills)


def _reset(settings: MergingSettings, family: Family) -> Iterator[Probed]:
    whole = {name: tensor.clone() for name, tensor in family.child.state_dict().items()}
    source = {"base": family.base, "vlm": family.vlm, "reasoner": family.reasoner}[settings.sets_back_to].state_dict()
    for layer in range(family.num_layers):
        family.child.load_state_dict(with_layer_of(whole, source, layer))
        skills = skills_of(family.child, settings)
        yield Probed(kind="reset", of="child", layer=layer, end=layer + 1, back_to=settings.sets_back_to, skills=skills)


def _grafted(settings: MergingSettings, family: Family) -> Iterator[Probed]:
    mix, layers = settings.mix(family.num_layers), family.num_layers
    for first, end in [(0, end) for end in range(1, layers)] + [(first, layers) for first in range(1, layers)]:
        skills = skills_of(family.merged(replace(mix, layers=(first, end))), settings)
        yield Probed(kind="graft", of="child", layer=first, end=end, skills=skills)


def _said(probed: Probed) -> str:
    of = {"vlm": "the vision-language model", "child": "the child"}[probed.of]
    if probed.kind == "graft":
        return f"Merged layers {probed.layer} to {probed.end - 1} only"
    if probed.kind == "reset":
        return f"Layer {probed.layer} of {of} set back"
    return f"Layer {probed.layer} of {of}: {'MLP' if probed.part == 'mlp' else 'attention'} flattened"
