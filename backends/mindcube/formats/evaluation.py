"""MindCube's evaluation as JSON: read, in both of the forms that its evaluators write, and written.

`gen_cogmap_accuracy` is plain accuracy in spite of its name. The block of maps is missing where none were asked for, and a setting
`other` may be there. All shares are 0..1.
"""

import json
from dataclasses import dataclass

from backends.files.logs import flag, rate, said, whole
from backends.files.rows import OddRow, Row
from backends.mindcube.ids import OVERALL, SETTINGS, Setting
from backends.mindcube.scoring import Maps, Report, part_of

_DECIMALS = 4


@dataclass(frozen=True)
class SettingScore:
    """What an evaluation says of one setting."""

    setting: Setting
    total: int
    correct: int
    accuracy: float | None
    counts: bool  # in the overall score


@dataclass(frozen=True)
class MapScores:
    """What an evaluation says of the maps; what it does not say is None."""

    parsable: int | None
    valid: int | None
    isomorphic: int | None
    overall: float | None
    direction: float | None
    facing: float | None
    turns: dict[str, int]


@dataclass(frozen=True)
class Evaluation:
    """An evaluation that somebody brought."""

    file: str
    total: int
    unfiltered: int
    correct: int
    accuracy: float | None
    settings: tuple[SettingScore, ...]
    maps: MapScores | None
    error_cases: dict[str, int]  # how many of each kind


def is_evaluation(row: Row) -> bool:
    results = row.get("results")
    return isinstance(results, dict) and isinstance(results.get("settings"), dict)


def read_evaluation(row: Row, file: str) -> Evaluation:
    """Return an evaluation. Raises OddRow where it has no total."""
    results = row.get("results")
    results = results if isinstance(results, dict) else {}
    total = whole(results.get("total"))
    if total is None:
        raise OddRow(f"{file[-80:]} has no total. An evaluation must say how many questions it counts.", "no total")
    listed, cases = results.get("settings"), row.get("error_cases")
    listed, cases = (one if isinstance(one, dict) else {} for one in (listed, cases))
    settings = [_setting(setting, own) for setting in SETTINGS if isinstance(own := listed.get(setting), dict)]
    return Evaluation(
        file, total, whole(results.get("unfiltered_total")) or total, whole(results.get("gen_cogmap_correct")) or 0,
        rate(results.get("gen_cogmap_accuracy")), tuple(settings), _maps(results.get("cogmap_similarity")),
        {said(kind, 80): len(own) for kind, own in list(cases.items())[:20] if isinstance(own, list)})


def _setting(setting: Setting, row: Row) -> SettingScore:
    counts = flag(row.get("include_in_overall"))
    return SettingScore(setting, whole(row.get("total")) or 0, whole(row.get("gen_cogmap_correct")) or 0,
                        rate(row.get("gen_cogmap_accuracy")), setting in OVERALL if counts is None else counts)


def _maps(row: object) -> MapScores | None:
    if not isinstance(row, dict):
        return None
    turns = row.get("rotation_distribution")
    valid = row.get("valid_count", row.get("total_valid"))  # the shorter form, and the longer one
    counted = list(turns.items())[:20] if isinstance(turns, dict) else []
    return MapScores(
        whole(row.get("parsable_json_count")), whole(valid), whole(row.get("isomorphic_count")),
        rate(row.get("avg_overall_similarity")), rate(row.get("avg_directional_similarity")), rate(row.get("avg_facing_similarity")),
        {said(name, 80): count for name, value in counted if (count := whole(value)) is not None})


def to_json(report: Report) -> str:
    """Return a report as MindCube's evaluator writes it."""
    results: Row = {
        "total": report.overall.count, "unfiltered_total": report.unfiltered, "gen_cogmap_correct": report.overall.correct,
        "gen_cogmap_accuracy": _share(report.overall.correct, report.overall.count),
        "settings": {setting: _written(report, setting) for setting in SETTINGS}}
    if report.maps:
        results["cogmap_similarity"] = _written_maps(report.maps)
    silent = [{"id": line.answered.item.id, "gt_answer": line.answered.item.answer, "answer": line.answered.reply or ""}
              for line in report.lines if line.read.official is None]
    return json.dumps({"results": results, "error_cases": {"gen_cogmap_error": silent}}, indent=2, ensure_ascii=False)


def _written(report: Report, setting: Setting) -> Row:
    part = part_of(report, setting)
    total, correct = (part.count, part.correct) if part else (0, 0)
    return {"total": total, "gen_cogmap_correct": correct, "gen_cogmap_accuracy": _share(correct, total),
            "include_in_overall": setting in OVERALL}


def _written_maps(maps: Maps) -> Row:
    overall, direction, facing = maps.official or ((0.0,),) * 3
    return {
        "parsable_json_count": maps.parsable, "parsable_json_accuracy": _share(maps.parsable, maps.count), "valid_count": maps.valid,
        "valid_accuracy": _share(maps.valid, maps.count), "isomorphic_count": maps.isomorphic,
        "isomorphic_accuracy": _share(maps.isomorphic, maps.count), "avg_overall_similarity": round(overall[0], _DECIMALS),
        "avg_facing_similarity": round(facing[0], _DECIMALS), "avg_directional_similarity": round(direction[0], _DECIMALS),
        "rotation_distribution": maps.turns}


def _share(hits: int, count: int) -> float:
    return round(hits / count, _DECIMALS) if count else 0.0
