"""Tables of MindCube: what each way of answering scores, templates, maps, rows, the paper's numbers; as shown and taken away."""

from collections.abc import Iterable, Sequence
from dataclasses import fields

import pandas as pd

from backends.mindcube import paper
from backends.mindcube.results import Asked, Line, Mean, Part, Report, Training, Triple
from backends.mindcube.settings import CONFIG_NAMES

OVERALL, SETTING, TEMPLATE = "overall", "setting", "template"  # kinds of parts
_TEMPLATES = (  # how an id's template begins, and what is asked; the first that fits
    ("among 1", "which way did I move"), ("among 2_1", "what is behind me"), ("among 2", "do I get closer"),
    ("among 5", "left or right of the centre"), ("among gen_3", "can the centre see it"),
    ("among gen_4", "left or right as the centre sees it"), ("among gen_6", "left or right as a neighbour sees it"),
    ("around q1", "which way did I move"), ("around q2_5", "is it behind"), ("around q2_6", "is it behind"),
    ("around q2", "what is nearest behind it"), ("around q4", "nearest on the side, as a thing sees it"),
    ("rotation", "what is where after a turn"))
_FACTOR = 100.0  # shares are shown in per cent


def asks(template: str) -> str:
    """What the questions of a template ask, in words; its name where nobody knows it."""
    return next((said for begins, said in _TEMPLATES if template.startswith(begins)), template)


def way(configuration: str) -> str:
    """A configuration as people read it, and its name in the paper."""
    said = next((words for name, words in CONFIG_NAMES.items() if name == configuration), "")
    return f"{said} ({configuration})" if said else configuration or "not told"


def name_of(report: Report) -> str:
    """What a report is called: by its way of answering, else by the file that it came from."""
    return way(report.configuration) if report.configuration else report.source


def overall(report: Report) -> Part | None:
    """What counts of all questions of a report."""
    return next((part for part in report.parts if part.kind == OVERALL), None)


def of_kind(report: Report, kind: str) -> list[Part]:
    """The settings of a report, or its templates."""
    return [part for part in report.parts if part.kind == kind]


def accuracies(reports: Iterable[Report]) -> pd.DataFrame:
    """A row per way of answering, in per cent: official accuracy with its interval, that of tagged replies, what needs no looking."""
    return _known(pd.DataFrame([
        {"way of answering": name_of(report), "model": report.model, **_numbers(part)}
        for report in reports if (part := overall(report)) is not None]))


def parts(report: Report, kind: str) -> pd.DataFrame:
    """A row per setting or template of a report, in per cent."""
    named = [({"template": part.name, "asks": asks(part.name)} if kind == TEMPLATE else {"setting": part.name}, part)
             for part in of_kind(report, kind)]
    return _known(pd.DataFrame([{**name, **_numbers(part)} for name, part in named]))


def _numbers(part: Part) -> dict[str, float | str | None]:
    return {"questions": part.count, "official": _first(part.official), "95 % interval": _ends(part.official),
            "with an answer tag": _first(part.tagged), "no answer tag": _percent(part.untagged), "cut off": _percent(part.cut),
            "balanced": _first(part.balanced), "a letter at random": _percent(part.chance),
            "text alone": _percent(part.text_only)}


def maps(reports: Iterable[Report]) -> pd.DataFrame:
    """A row per way of answering that writes maps: rates of all questions, means over valid maps, under both metrics; in per cent."""
    rows = []
    for report in reports:
        own = report.maps
        if own is None or not own.count:
            continue
        official, exact = own.official or (None,) * 3, own.exact or (None,) * 3
        rows.append({"way of answering": name_of(report),
                     "valid": share(own.valid, own.count), "isomorphic, official": share(own.isomorphic, own.count),
                     "isomorphic, exact": right_maps(report),
                     "similarity, official": _first(official[0]), "similarity, exact": _first(exact[0]),
                     "directions, official": _first(official[1]), "directions, exact": _first(exact[1]),
                     "facings, official": _first(official[2]), "facings, exact": _first(exact[2]),
                     "coverage": _percent(own.coverage)})
    return _known(pd.DataFrame(rows))


def right_maps(report: Report) -> float | None:
    """Of all questions the share whose map is exactly isomorphic, in per cent; None where that is not known."""
    return share(report.maps.exactly_isomorphic, report.maps.count) if report.maps else None


def share(count: int | None, of: int) -> float | None:
    """A count in per cent of all; None where it is not told, or there are none."""
    return _FACTOR * count / of if count is not None and of else None


def lines(own: Iterable[Line]) -> pd.DataFrame:
    """A row per question; columns that nobody knows anything for are left out."""
    said = {True: "correct", False: "wrong", None: None}
    return _known(pd.DataFrame([
        {"id": one.id, "asks": asks(one.template), "correct letter": one.gold, "letter": one.letter or None,
         "verdict": said[one.is_right], "answer tag": _yes(one.has_tag), "map valid": _yes(one.valid),
         "similarity": _percent(one.overall), "isomorphic": _yes(one.is_isomorphic), "exactly": _yes(one.is_exactly),
         "tokens": one.tokens, "question": one.question or None, "reply": one.reply or None} for one in own]))


def every_part(reports: Iterable[Report]) -> pd.DataFrame:
    """A row per setting and template of every way of answering, in per cent."""
    return _known(pd.DataFrame([{"way of answering": name_of(report), "part": part.name, **_numbers(part)}
                                for report in reports for part in report.parts]))


def every_line(reports: Iterable[Report]) -> pd.DataFrame:
    """A row per question of every way of answering."""
    made = [lines(report.lines).assign(way=name_of(report)) for report in reports if report.lines]
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame()


def replies(asked: Asked) -> pd.DataFrame:
    """A row per way of answering a question."""
    return _known(pd.DataFrame([
        {"way of answering": way(one.configuration), "letter": one.letter, "answer": one.answer,
         "verdict": "correct" if one.is_right else "wrong", "answer tag": _yes(one.has_tag),
         "similarity, official": _percent(one.official.overall if one.official else None),
         "similarity, exact": _percent(one.exact.overall if one.exact else None), "tokens": one.tokens, "seconds": one.seconds,
         "reply": one.text} for one in asked.replies]))


def points(training: Training) -> pd.DataFrame:
    """A row per look at a training, then one per round of reinforcement."""
    learned = [{"step": one.step, "loss": one.loss, "answers": one.answers, "maps": one.maps, "chains": one.thoughts}
               for one in training.points]
    earned = [{"round": one.iteration, "reward": one.reward, "in form": one.valid, "answers": one.answers, "maps": one.maps}
              for one in training.rounds]
    return _known(pd.DataFrame([*learned, *earned]))


def models(runs: Iterable[Report] = ()) -> pd.DataFrame:
    """The paper's table of models, this run's rows below it."""
    own = [{"model": f"this run: {report.model or report.source}", **_of_parts(part, of_kind(report, SETTING))}
           for report in runs if (part := overall(report)) is not None]
    return pd.DataFrame([*({"model": one.name, **_of(one)} for one in paper.MODELS), *own])


def frozen(runs: Iterable[Report] = ()) -> pd.DataFrame:
    """The model as it is in each configuration, and its maps; this run's rows below."""
    written = {one.name: one for one in paper.FROZEN_MAPS}
    rows: list[dict[str, object]] = []
    for row in paper.FROZEN:
        own = written.get(row.name)
        rows.append({"configuration": row.name, **_of(row), "without view words": row.without,
                     "map similarity": own.overall if own else None, "isomorphic": own.isomorphic if own else None})
    rows.append({"configuration": paper.INDEPENDENT.name, **_of(paper.INDEPENDENT)})
    return pd.DataFrame([*rows, *_own(runs)])


def trained(runs: Iterable[Report] = ()) -> pd.DataFrame:
    """After fine-tuning and reinforcement, second version; this run's rows below."""
    rows = [{"configuration": f"{row.stage}: {row.name}", **_of(row), "map similarity": row.similarity, "isomorphic": row.isomorphic}
            for row in paper.TRAINED]
    return pd.DataFrame([*rows, *_own(runs)])


def fixed() -> pd.DataFrame:
    """The same with a fixed order of objects: the first version's numbers."""
    return pd.DataFrame([
        {"configuration": f"{row.stage}: {row.name}", "overall": row.overall, "rotation": row.rotation, "among": row.among,
         "around": row.around, "map similarity": row.similarity, "isomorphic": row.isomorphic} for row in paper.FIXED])


def _own(runs: Iterable[Report]) -> list[dict[str, object]]:
    """Rows of this run, as the paper's tables have them."""
    rows: list[dict[str, object]] = []
    for report in runs:
        part = overall(report)
        if part is None:
            continue
        own = report.maps
        rows.append({
            "configuration": f"this run: {report.configuration or report.source}", **_of_parts(part, of_kind(report, SETTING)),
            "map similarity": _first(own.official[0]) if own and own.official else None,
            "isomorphic": share(own.isomorphic, own.count) if own else None})
    return rows


def _of(row: paper.Accuracies) -> dict[str, object]:
    return {name.name: getattr(row, name.name) for name in fields(paper.Accuracies) if name.name != "name"}


def _of_parts(own: Part, by_setting: Sequence[Part]) -> dict[str, object]:
    return {"overall": _first(own.official), **{part.name: _first(part.official) for part in by_setting if part.name in paper.TINY}}


def _first(mean: Mean) -> float | None:
    return None if mean is None else _FACTOR * mean[0]


def _ends(triple: Triple) -> str:
    return f"{_FACTOR * triple[1]:.0f} to {_FACTOR * triple[2]:.0f}"


def _percent(share: float | None) -> float | None:
    return None if share is None else _FACTOR * share


def _yes(said: bool | None) -> str | None:
    return None if said is None else "yes" if said else "no"


def _known(table: pd.DataFrame) -> pd.DataFrame:
    return table.dropna(axis="columns", how="all")
