"""Tables of ERA: the episodes of a run, what they come to by subset, the papers' numbers; as they are shown and taken away."""

from collections.abc import Mapping, Sequence

import pandas as pd

from backends.era import paper
from backends.era.comparing import Compared, Difference, Pair
from backends.era.labels import Label, by_kind
from backends.era.results import EraResult, Line
from backends.era.statistics import Counted, Statistics
from backends.files.rows import counted as number_of
from backends.statistics import Share
from visualizers.text import per_cent

ENDINGS = {True: "done", False: "not done", None: "not logged"}


def episodes(lines: Sequence[Line], labels: Mapping[Line, Label] | None = None) -> pd.DataFrame:
    """One row per episode of a run, with what a person and what the log says of its failure."""
    labels = labels or {}
    return pd.DataFrame([
        {"episode": line.number, "instruction": line.instruction, "ended": ENDINGS[line.success], "progress": line.progress,
         "label": by_kind(labels[line]) if line in labels else "", "steps": line.steps, "calls": line.calls, "failed": line.invalid,
         "unreadable": line.output_errors, "subset": line.group, "the log suggests": ", ".join(line.suggested)} for line in lines])


def disagreements(differing: Sequence[tuple[Label, Label]]) -> pd.DataFrame:
    """The episodes that two people label differently."""
    return pd.DataFrame([
        {"episode": mine.number, "instruction": mine.instruction, "yours": by_kind(mine), "theirs": by_kind(theirs),
         "subset": mine.group, "model": mine.model, "experiment": mine.experiment, "your note": mine.note, "their note": theirs.note}
        for mine, theirs in differing])


def subsets(counted: Statistics) -> pd.DataFrame:
    """One row per subset, the whole last, as it is shown."""
    rows = (*counted.subsets, *filter(None, (counted.seen, counted.unseen)), counted.whole)
    return pd.DataFrame([
        {"subset": row.group or "no subset", "episodes": row.episodes, "success": _share(row.success),
         "progress": _share(row.progress),
         "steps": _number(row.steps), "calls": _number(row.calls), "failed actions per step": _rate(row.invalid),
         "unreadable replies per call": _rate(row.output_errors), "actions per plan": _number(row.actions_per_plan)} for row in rows])


def numbers(counted: Statistics) -> pd.DataFrame:
    """The same in full precision."""
    rows: tuple[Counted, ...] = (*counted.subsets, counted.whole)
    return pd.DataFrame([
        {"subset": row.group, "episodes": row.episodes, **_ends("success", row.success), **_ends("progress", row.progress),
         "steps": row.steps, "calls": row.calls, "invalid": row.invalid, "output_errors": row.output_errors,
         "empty_plans": row.empty_plans, "actions_per_plan": row.actions_per_plan, "cut": row.cut, "repeated": row.repeated}
        for row in rows])


def _ends(name: str, share: Share | None) -> dict[str, float | None]:
    return {name: share.mean if share else None, f"{name}_low": share.low if share else None,
            f"{name}_high": share.high if share else None}


def _share(share: Share | None) -> str:
    return f"{per_cent(share.mean)} ({per_cent(share.low)} to {per_cent(share.high)})" if share else "not logged"


def _rate(value: float | None) -> str:
    return "not logged" if value is None else per_cent(value)


def _number(value: float | None) -> str:
    return "not logged" if value is None else f"{value:.1f}"


def averages(counted: Statistics) -> str:
    """Both averages, in a sentence."""
    told = []
    if counted.benchmark.value is not None:
        told.append(f"EmbodiedBench's average, over {number_of(len(counted.benchmark.groups), 'subset')}: "
                    f"{per_cent(counted.benchmark.value)}")
    told.append(f"ERA's, three parts seen and two unseen: {per_cent(counted.era.value)}" if counted.era.value is not None
                else "ERA's average needs all of its five subsets")
    return f"{'. '.join(told)}."


def differences(found: Sequence[Difference]) -> pd.DataFrame:
    """What two configs differ in."""
    return pd.DataFrame([{"setting": one.name, "this run": one.first or "not said", "the other": one.second or "not said"}
                         for one in found])


def outcomes(found: Compared) -> str:
    """How two runs did on the tasks that both have, in a sentence."""
    if not found.pairs:
        return "No task is in both runs, so they cannot be compared."
    return (f"Of {len(found.pairs)} tasks in both runs, both did {found.both}, only this one {found.only_first}, only the other "
            f"{found.only_second}, neither {found.neither}. McNemar's exact p is {found.p:.3f}.")


def four(found: Compared) -> pd.DataFrame:
    """Success of both runs against each other, in episodes."""
    return pd.DataFrame([{"": "this run did it", "the other did it": found.both, "the other did not": found.only_first},
                         {"": "this run did not", "the other did it": found.only_second, "the other did not": found.neither}])


def differing(pairs: Sequence[Pair]) -> pd.DataFrame:
    """The episodes that one run did and the other did not."""
    return pd.DataFrame([
        {"episode": pair.first.number, "instruction": pair.first.instruction,
         "done by": "this run" if pair.first.success else "the other",
         "first different step": pair.diverges, "steps": pair.first.steps, "steps of the other": pair.second.steps,
         "subset": pair.first.group} for pair in pairs])


def stages(result: EraResult) -> pd.DataFrame:
    """ERA's main table, and this run's row where its logs say success."""
    rows = [{"training": one.what, "EB-ALFRED seen": one.alfred_seen, "unseen": one.alfred_unseen, "all": _mean(one.alfred, one),
             "EB-Manipulation seen": one.manipulation_seen, "unseen ": one.manipulation_unseen, "all ": _mean(one.manipulation, one),
             "here": ""} for one in paper.STAGES]
    counted = result.counted
    if counted and counted.whole.success:
        rows.append({"training": "the logs above", "here": _share(counted.whole.success)})
    return pd.DataFrame([{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]).fillna("")


def _mean(value: float | None, stage: paper.Stage) -> str:
    return "" if value is None else f"{value:.1f}{'*' if stage.is_mean_ours else ''}"


def pairs_of(title: str, values: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """A table of the papers with a column per environment."""
    return pd.DataFrame([{title: name, "EB-ALFRED": one, "EB-Manipulation": other} for name, (one, other) in values.items()])
