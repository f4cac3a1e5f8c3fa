"""The merges of small parents, over seeds: what each method keeps of seeing and gains of reckoning, and in which layers that lies.

P is what is read off pictures, Js and Ju sums on pictures with seen and unseen facts, Tu unseen facts in words.
"""

import time
from collections.abc import Mapping, Sequence

from backends.merging.diagnostics import Moved, moved_by_name
from backends.merging.masking import with_layer_of
from backends.merging.mix import Mix, by_part
from benchmarks.merging.parents import SUM, child_of, drops, made, rights, told, with_weights
from benchmarks.tables import markdown
from models.adders.lessons import PLAN, with_reasoner_b
from models.adders.making import Parents, reason
from models.adders.scores import MERGED, Kind, questions, scores

SHARES = (1.0, 0.9, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)
HEAD = ("merge", "P", "Js", "Ju", "Tu")
DRAWS = range(3)  # of DARE's masks


def _arithmetic(vlm: float, reason: float) -> Mix:
    return Mix(method="task_arithmetic", vlm=vlm, reason=reason)


def _dare(density: float, rescale: str, seed: int) -> Mix:
    return Mix(method="dare_linear", vlm=1.0, reason=1.0, density=density, rescale=rescale, seed=seed)  # type: ignore[arg-type]


ROWS: Mapping[str, tuple[Mix, ...]] = {  # by name; where there are several, all count
    **{f"linear, VLM share {vlm:g}": (Mix(vlm=vlm),) for vlm in SHARES},
    **{f"task arithmetic {vlm:g} + {reason:g}": (_arithmetic(vlm, reason),) for vlm, reason in ((1, 1), (0.8, 0.8), (0.7, 1))},
    "the same 1 + 1, attention alone": (Mix(method="task_arithmetic", vlm=1.0, reason=by_part(attention=1.0, mlp=0.0, norm=0.0)),),
    "the same 1 + 1, feed-forward alone": (Mix(method="task_arithmetic", vlm=1.0, reason=by_part(attention=0.0, mlp=1.0, norm=0.0)),),
    **{f"TIES, density {density:g}, scale {scale:g}": (Mix(method="ties", vlm=1.0, reason=1.0, density=density, scale=scale),)
       for density, scale in ((0.2, 1.0), (0.2, 1.5), (0.5, 1.0))},
    **{f"TIES as released, {vlm:g} + {reason:g}, density 0.2": (
        Mix(method="ties", vlm=vlm, reason=reason, density=0.2, signs="official"),) for vlm, reason in ((1.6, 0.2), (1.6, 1.6))},
    **{f"DARE 1 + 1, density {density:g}, {name}": tuple(_dare(density, rescale, seed) for seed in DRAWS)
       for density in (0.5, 0.2) for name, rescale in (("rescaled", "density"), ("as released, not rescaled", "none"))},
    **{f"SLERP, VLM share {vlm:g}": (Mix(method="slerp", vlm=vlm),) for vlm in (0.5, 0.3, 0.2)},
}
ROWS_B: Mapping[str, Mix] = {**{f"linear, VLM share {vlm:g}": Mix(vlm=vlm) for vlm in (0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)},
                             "task arithmetic 1 + 1": _arithmetic(1, 1), "task arithmetic 1 + 0.7": _arithmetic(1, 0.7)}


def section(seeds: int) -> str:
    parents = made(PLAN, seeds)
    return "\n".join([f"## Merging: small parents, {seeds} seeds\n", *merges(parents), *other_reasoner(parents), *layers(parents)])


def merges(parents: Sequence[Parents]) -> list[str]:
    """Every method, and how far the parents have moved."""
    rows = [[name, *told(rights([child_of(one, mix) for one in parents for mix in mixes], MERGED))] for name, mixes in ROWS.items()]
    return [*_moved(parents), markdown(HEAD, rows), _seconds(parents[0])]


def other_reasoner(parents: Sequence[Parents]) -> list[str]:
    """The same with a reasoner that strays farther."""
    plan = with_reasoner_b(PLAN)
    others = [reason(plan, one.base, one.seed) for one in parents]
    rows = [[name, *told(rights([child_of(one, mix, reasoner=other) for one, other in zip(parents, others)], MERGED))]
            for name, mix in ROWS_B.items()]
    return ["With reasoner b, which learns three times as fast:\n", markdown(HEAD, rows)]


def layers(parents: Sequence[Parents]) -> list[str]:
    """What is lost where a layer is masked or set back to the base, and gained where the reasoner is grafted into some alone."""
    joint: tuple[Kind, ...] = ("perception", "joint_unseen")
    children, seers = [child_of(one, SUM) for one in parents], [one.vlm for one in parents]
    before = {(layer, part): drop for layer, part, drop in drops(seers, ("perception", "joint_seen"))}
    after = {(layer, part): drop for layer, part, drop in drops(children, joint)}
    masked = [[layer, part, *(f"{drop:.2f}" for drop in (*before[layer, part], *after[layer, part]))] for layer, part in before]
    count = parents[0].vlm.config.text_config.num_hidden_layers
    whole = [["all", *told(rights(children, joint))]]
    states = [(child, child.state_dict(), one.base.state_dict()) for one, child in zip(parents, children)]
    back = [[f"without layer {layer}", *told(rights(
        [with_weights(child, with_layer_of(own, base, layer)) for child, own, base in states], joint))] for layer in range(count)]
    ranges = [range(end) for end in range(1, count)] + [range(start, count) for start in range(1, count)]
    grafts = [[f"layers {own[0]} to {own[-1]} alone", *told(rights([child_of(one, _within(own)) for one in parents], joint))]
              for own in ranges]
    return ["Share lost where a module is masked (mean of the seeds), of the VLM and of the merge 1 + 1:\n",
            markdown(("layer", "module", "VLM: P", "VLM: Js", "merge: P", "merge: Ju"), masked),
            "The reasoner's part of the merge 1 + 1 in some layers alone; a layer *without* it is the base's:\n",
            markdown(("where", "P", "Ju"), [*whole, *back, *grafts])]


def _within(layers: range) -> Mix:
    """Task arithmetic in some layers; elsewhere everything stays the VLM's."""
    return Mix(method="task_arithmetic", vlm=1.0, reason=1.0, layers=(layers.start, layers.stop))


def _moved(parents: Sequence[Parents]) -> list[str]:
    states = [[one.state_dict() for one in (own.vlm, own.reasoner, own.base)] for own in parents]
    found = [sum((moved for _, moved in moved_by_name(*own)), Moved()) for own in states]
    sizes = ", ".join(f"{one.vlm_share:.3f} / {one.reason_share:.3f} / {one.cosine:.3f}" for one in found)
    return [f"How far VLM and reasoner have moved from the base, over its length, and the cosine between: {sizes}.\n"]


def _seconds(parents: Parents) -> str:
    for kind in MERGED:
        questions(kind)  # are drawn once
    start = time.process_time()
    scores(child_of(parents, SUM))
    return f"One merge with its evaluation on {len(MERGED)} x 800 questions: {time.process_time() - start:.2f} CPU s.\n"
