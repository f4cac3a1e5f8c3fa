"""One whole rollout of what was brought, whatever its layout."""

from collections.abc import Iterable
from dataclasses import replace

from pydantic import ValidationError

from backends.episode import MAX_ACTIONS, Action, Planned, Turn
from backends.files.archive import Files
from backends.files.logs import Notes, kept, said, short
from backends.files.objects import object_at, whole_text
from backends.files.rows import Row
from backends.files.vagen import Said, dumps, in_tags, read_dump
from backends.ragen.formats.completions import read_completion, table_of
from backends.ragen.formats.evaluation import read_conversation
from backends.ragen.formats.history import read_history
from backends.ragen.formats.index import LIMITS
from backends.ragen.formats.page import read_page
from backends.ragen.formats.samples import read_generation, read_sample
from backends.ragen.formats.scalars import rows_of
from backends.ragen.formats.transcripts import game_in
from backends.ragen.formats.turns import Rules, actions_of, stepped
from backends.ragen.rollouts import FORMAT, SAID, Entry, Rollout, missing_in
from worlds.errors import InputError
from worlds.games.replies import SEPARATOR

_BY_ROW = {"log": read_history, "internal": read_history, "samples": read_sample, "evaluation": read_conversation}


def rollout(files: Files, entry: Entry) -> Rollout:
    """Return the rollout that an entry of `found` stands for, with what its log does not say.

    Raises:
        InputError: its file is gone, or holds what no rollout can.
    """
    try:
        read = _read(files, entry)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))[:80]
        raise InputError(f"This rollout of {short(entry.file)} holds a value that cannot be shown (at {where}). It must be "
                         f"{SAID[entry.layout]}.") from error
    costs = [turn.rewards.get(FORMAT) for turn in read.episode.turns]
    known = [cost for cost in costs if cost is not None]
    if read.penalty is None and known and len(known) == len(costs):  # told by the replies, not by the log
        read = read.model_copy(update={"penalty": round(sum(known), 9)})
    return read.model_copy(update={"missing": missing_in(read)})


def _read(files: Files, entry: Entry) -> Rollout:
    if entry.layout == "vagen":
        return _dumped(files, entry)
    if entry.layout == "completions" and not entry.end:
        table = table_of(files, entry.file, Notes())
        return read_completion(entry, _row(entry, table.rows if table else ()))
    text = whole_text(files, entry.file, Notes(), limit_mb=LIMITS.file_mb)
    if not text:
        raise _gone(entry)
    span = (entry.start, entry.end)
    if (read := _BY_ROW.get(entry.layout)) is not None:
        return read(entry, object_at(text, span))
    whole = kept(files, "object", (entry.file, span), lambda: object_at(text, span))  # decoded once for all that it holds
    if entry.layout == "completions":
        return read_completion(entry, _row(entry, enumerate(rows_of(whole), 1)))
    return read_generation(entry, whole) if entry.layout == "generations" else read_page(files, entry, whole)


def _row(entry: Entry, rows: Iterable[tuple[int, Row]]) -> Row:
    row = next((row for place, row in rows if str(place) == entry.part), None)
    if row is None:
        raise _gone(entry)
    return row


def _gone(entry: Entry) -> InputError:
    return InputError(f"{short(entry.file)} can no longer be read. Bring it again.")


def _dumped(files: Files, entry: Entry) -> Rollout:
    dump = next((dump for dump in dumps(files.names) if dump.folder == entry.file), None)
    if dump is None:
        raise InputError(f"The dump {short(entry.file)} is no longer there. Bring it again.")
    if not game_in(entry.tag):
        episode = read_dump(files, dump)
    else:
        rules = Rules(actions_of(entry.tag))
        episode = read_dump(files, dump, read=lambda text: _several(text, rules))
        episode = episode.model_copy(update={"turns": stepped([_one_by_one(turn) for turn in episode.turns])})
    return Rollout(iteration=entry.iteration, tag=entry.tag, score=entry.score, episode=episode)


def _several(text: str, rules: Rules) -> Said:
    """Return a reply in the usual tags whose answer may name several actions, as RAGEN's games take them."""
    whole = in_tags(text)
    names = [name for part in whole.answer.split(SEPARATOR) if (name := part.strip())][:MAX_ACTIONS]
    planned = tuple(Planned(id=rules.id_of(name), name=said(name, 500)) for name in names)
    return replace(whole, planned=planned, parse="empty" if whole.parse == "ok" and not planned else whole.parse)


def _one_by_one(turn: Turn) -> Turn:
    """Return a turn with every action that its answer names; what the dump says of the turn is said of the last of them."""
    if len(turn.planned) < 2 or not turn.actions:
        return turn
    *before, last = turn.planned
    done = [Action(id=one.id, name=one.name) for one in before]
    return turn.model_copy(update={"actions": (*done, turn.actions[0].model_copy(update={"id": last.id, "name": last.name}))})
