"""Tables of merging: the curve, pairs of weights, probes, groups and questions; and the paper's, with where each row was read."""

from collections.abc import Sequence

import pandas as pd

from backends.merging import paper
from backends.merging.paper import Part, Row
from backends.merging.results import Apart, Grid, Looking, Merged, MergingResult, Report, Skills
from backends.merging.settings import MergingSettings
from visualizers.merging import curve, weights
from visualizers.merging.methods import MODEL_SHORT, SKILL_NAMES, SKILLS, method_name, verdict

MOST_LETTERS = 120
READ = "where it was read"


def _shares(skills: Skills) -> dict[str, object]:
    return {**{SKILL_NAMES[skill]: 100 * get(skills) for skill, get in SKILLS.items()}, "tokens of an answer": skills.length}


def _rounded(skills: Skills) -> dict[str, object]:
    return {SKILL_NAMES[skill]: round(100 * get(skills), 1) for skill, get in SKILLS.items()}


def tried(merged: Merged, settings: MergingSettings) -> pd.DataFrame:
    """Both parents, then every child that was tried; shares in per cent."""
    rows: list[dict[str, object]] = [
        {"model": MODEL_SHORT[name], "at": None} | _shares(skills)
        for name, skills in (("vlm", merged.vlm), ("reasoner", merged.behind)) if skills is not None]
    if not curve.places(merged, settings) and merged.child is not None:
        rows.append({"model": MODEL_SHORT["child"], "at": None} | _shares(merged.child))
    rows += [{"model": MODEL_SHORT["child"], "at": one.at} | _shares(one.skills) for one in curve.line(merged, settings)]
    return pd.DataFrame(rows)


def answers(merged: Merged) -> pd.DataFrame:
    """What every model says to every question of the gallery."""
    return pd.DataFrame([{"question": number, "kind": question.kind, "asked": question.question, "correct answer": question.right,
                          "by": answer.by, "says": answer.says, "verdict": verdict(answer.is_right)}
                         for number, question in enumerate(merged.gallery) for answer in question.answers])


def pairs(grid: Grid) -> pd.DataFrame:
    """All pairs that were tried, the best of the new sums first; shares in per cent."""
    sees, unseen = weights.values_of(grid, "sees"), weights.values_of(grid, "unseen")
    places = [(row, column) for row in range(len(grid.weights)) for column in range(len(grid.weights))
              if unseen[row, column] == unseen[row, column]]
    places.sort(key=lambda place: -unseen[place])
    return pd.DataFrame([{"weight of seeing": float(grid.weights[row]), "weight of reasoning": float(grid.weights[column]),
                          SKILL_NAMES["sees"]: float(sees[row, column]), SKILL_NAMES["unseen"]: float(unseen[row, column])}
                         for row, column in places])


def probed(looking: Looking) -> pd.DataFrame:
    """Every change and what it leaves; both models as they are first."""
    rows: list[dict[str, object]] = [
        {"done": "nothing", "to": MODEL_SHORT[of], "from layer": None, "until before": None, "module": "", "becomes": ""}
            | _shares(skills) for of, skills in (("vlm", looking.vlm), ("child", looking.child))]
    rows += [{"done": probe.kind, "to": MODEL_SHORT[probe.of], "from layer": probe.layer, "until before": probe.end,
              "module": probe.part, "becomes": probe.back_to or ""} | _shares(probe.skills) for probe in looking.probes]
    return pd.DataFrame(rows)


def distances(rows: Sequence[Apart]) -> pd.DataFrame:
    """How far the models went, as they are kept."""
    return pd.DataFrame([{"layer": row.layer, "module": row.part, "seeing model": row.vlm, "reasoning model": row.reasoner,
                          "cosine": row.cosine, "models apart": row.models} for row in rows])


def groups(reports: Sequence[Report]) -> pd.DataFrame:
    """Every group of every model; shares in per cent."""
    return pd.DataFrame([{
        "model": report.model, "group": group.name, "questions": group.count, "correct": round(100 * group.correct[0], 1),
        "from": round(100 * group.correct[1], 1), "to": round(100 * group.correct[2], 1), "noise ±": round(100 * group.noise, 1),
        "tokens": None if group.length is None else round(group.length, 1)} for report in reports for group in report.groups])


def rows(reports: Sequence[Report], places: Sequence[int]) -> pd.DataFrame:
    """These questions with the answer of each model."""
    first = next(report for report in reports if report.rows)
    made = []
    for place in places:
        row = first.rows[place]
        told: dict[str, object] = {"id": row.id, "group": row.group, "question": row.question[:MOST_LETTERS],
                                   "correct answer": row.right}
        for number, report in enumerate(reports):
            if place < len(report.rows):
                own, which = report.rows[place], f"{number + 1}: " if len(reports) > 1 else ""
                told |= {f"{which}answer": own.found, f"{which}verdict": verdict(own.is_right)}
        made.append(told)
    return pd.DataFrame(made)


def every_row(reports: Sequence[Report]) -> pd.DataFrame:
    """All replies, one under another."""
    return pd.DataFrame([{"model": report.model, "id": row.id, "group": row.group, "subset": row.subset, "question": row.question,
                          "correct answer": row.right, "reply": row.reply, "answer": row.found, "verdict": verdict(row.is_right),
                          "tokens": row.tokens} for report in reports for row in report.rows])


def own(result: MergingResult) -> pd.DataFrame:
    """This run's row: the seeing model and the child; none of a run that tried none."""
    if result.merged and result.merged.vlm and result.merged.child:
        sides = {"seeing model": result.merged.vlm, f"child: {method_name(result.settings)}": result.merged.child}
    elif result.looking:
        sides = {"seeing model": result.looking.vlm, f"child: {method_name(result.settings)}": result.looking.child}
    else:
        return pd.DataFrame()
    return pd.DataFrame([{"model": name} | _rounded(skills)
                         for name, skills in sides.items()])


def paper_main() -> pd.DataFrame:
    """Table A of the paper: alone and merged."""
    return pd.DataFrame([_named(row) | dict(zip(paper.COLUMNS, row.scores)) | _source(row) for row in paper.MAIN])


def paper_parts(parts: Sequence[Part]) -> pd.DataFrame:
    """Rows that have a few numbers each."""
    return pd.DataFrame([_named(part) | {"method": part.method} | part.scores | _source(part) for part in parts])


def paper_again() -> pd.DataFrame:
    """How far a project that made the numbers again is from the paper's."""
    return pd.DataFrame([{"model": one.model, "off with 0.9": one.at_09, "off with 0.8": one.at_08, READ: paper.MARKS[one.mark]}
                         for one in paper.MADE_AGAIN])


def _named(row: Row | Part) -> dict[str, object]:
    return {"model": row.model, "merged with": row.merged or "nothing"}


def _source(row: Row | Part) -> dict[str, object]:
    return {READ: f"{paper.MARKS[row.mark]}: {row.source}"}
