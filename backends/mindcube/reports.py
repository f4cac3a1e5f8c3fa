"""Scores as results keep them: `scoring` counts, this writes down. An evaluation that somebody brought says less than ours."""

from collections.abc import Sequence

from backends.mindcube import scoring
from backends.mindcube.formats.evaluation import Evaluation, MapScores
from backends.mindcube.items import Answered
from backends.mindcube.replies import MAX_NAME
from backends.mindcube.results import MAX_LINES, MAX_TEXT, MAX_TOLD, MAX_TURNS, Followed, Line, MapCounts, Part, Report
from backends.statistics import wilson


def report_of(scored: scoring.Report, *, configuration: str, model: str, source: str, tokens: Sequence[int] = (),
              again: Sequence[scoring.Line] = ()) -> Report:
    """Return what the replies of one model in one configuration score.

    Args:
        tokens: of each reply, in their order; nothing where they were not counted.
        again: replies to the same questions with their options in another order.
    """
    lines = tuple(_line(line, tokens[place] if tokens else None, is_told=place < MAX_TOLD)
                  for place, line in enumerate(scored.lines[:MAX_LINES]))
    following = scored.following
    if again:
        following = scoring.following([*scored.lines, *again])
    return Report(
        configuration=configuration, model=model[:MAX_NAME], source=source[:MAX_NAME], unfiltered=scored.unfiltered,
        parts=tuple(_part(kind, part) for kind, parts in (("overall", (scored.overall,)), ("setting", scored.settings),
                                                          ("template", scored.templates)) for part in parts)[:100],
        maps=_maps(scored.maps) if scored.maps else None, silent=scored.silent[:500], lines=lines,
        following=Followed(pairs=following.pairs, letter=following.letter, answer=following.answer) if following else None)


def unanswered(items: Sequence[Answered], *, source: str) -> Report:
    """Return questions that nobody answered: their lines alone."""
    lines = tuple(_question(one, is_told=place < MAX_TOLD) for place, one in enumerate(items[:MAX_LINES]))
    return Report(configuration="", model="", source=source[:MAX_NAME], unfiltered=len(items), parts=(), lines=lines)


def _part(kind: str, part: scoring.Part) -> Part:
    return Part(kind=kind, name=part.name[:MAX_NAME], count=part.count, correct=part.correct, official=part.official,
                tagged=part.tagged, num_tagged=part.num_tagged, balanced=part.balanced, untagged=part.untagged, cut=part.cut,
                chance=part.chance.letter, text_only=part.chance.text)


def _maps(maps: scoring.Maps) -> MapCounts:
    return MapCounts(count=maps.count, parsable=maps.parsable, valid=maps.valid, isomorphic=maps.isomorphic,
                     exactly_isomorphic=maps.exactly_isomorphic, official=maps.official, exact=maps.exact, coverage=maps.coverage,
                     turns=tuple(maps.turns.items()), num_without_truth=maps.num_without_truth)


def _question(one: Answered, *, is_told: bool) -> Line:
    item = one.item
    return Line(id=item.id[:MAX_NAME], family=item.setting, template=item.template[:MAX_NAME], gold=item.answer,
                question=item.question[:MAX_TEXT] if is_told else "")


def _line(line: scoring.Line, tokens: int | None, *, is_told: bool) -> Line:
    own, reply = _question(line.answered, is_told=is_told), line.answered.reply
    if reply is None:
        return own
    both = line.compared
    read = {} if both is None else {
        "direction": both.official.direction, "facing": both.official.facing, "overall": both.official.overall,
        "coverage": both.official.coverage, "is_isomorphic": both.official.is_isomorphic, "is_exactly": both.exact.is_isomorphic,
        "turn": both.official.turn or ""}
    return own.model_copy(update={
        "letter": line.read.official or "", "is_right": line.is_right, "has_tag": line.read.has_tag,
        "valid": None if line.map is None else line.map.map is not None, "tokens": tokens,
        "reply": reply[:MAX_TEXT] if is_told else "", **read})


def brought_report(found: Evaluation) -> Report:
    """Return an evaluation that somebody brought; what it does not say is None."""
    parts = [_counted("overall", "overall", found.correct, found.total),
             *(_counted("setting", own.setting, own.correct, own.total) for own in found.settings)]
    return Report(configuration="", model="", source=found.file[-MAX_NAME:], unfiltered=max(found.unfiltered, found.total),
                  parts=tuple(parts), maps=_told(found.maps, found.total) if found.maps else None)


def _told(maps: MapScores, count: int) -> MapCounts:
    """What an evaluation says of its maps; no more of them than it has questions."""
    counts = (maps.parsable, maps.valid, maps.isomorphic)
    parsable, valid, isomorphic = (None if told is None else min(told, count) for told in counts)
    overall, direction, facing = (None if mean is None else (mean,) for mean in (maps.overall, maps.direction, maps.facing))
    return MapCounts(count=count, parsable=parsable, valid=valid, isomorphic=isomorphic, exactly_isomorphic=None,
                     official=(overall, direction, facing), exact=None, coverage=None,
                     turns=tuple((name, min(count, times)) for name, times in list(maps.turns.items())[:MAX_TURNS]))


def _counted(kind: str, name: str, correct: int, count: int) -> Part:
    correct = min(correct, count)
    return Part(kind=kind, name=name, count=count, correct=correct, official=wilson(correct, count), tagged=None, num_tagged=0,
                balanced=None, untagged=None, cut=None, chance=None, text_only=None)
