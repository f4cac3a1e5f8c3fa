"""ERA's prior-learning data sets: a JSON list of samples in LLaVA's style, put together to episodes where they are steps of one.

Samples follow each other with rising `metadata.step_id` and the same instruction; a sample without a step (a question on a picture, a
masked action, text alone) is an episode of one turn. A sample's prompt holds the feedback on the step before it.
"""

import re
from collections.abc import Iterable

from backends.episode import MAX_TURNS, Action, Episode, Parse, Planned, Turn
from backends.era.formats.listing import Entry, Head, Parts
from backends.era.formats.sets import Pictures, pictures_beside
from backends.era.formats.training import INSTRUCTION, last_feedback
from backends.era.formats.trajectories import planned_of
from backends.era.replies import labelled
from backends.files.archive import Files
from backends.files.logs import Notes, said, short, whole
from backends.files.objects import items_in, set_text
from backends.files.rows import Row
from models.marks import ACTION_END, ACTION_START, THINK_END, THINK_START

THINK, ACTION = 0, 1  # values of think_or_action; 2 is plain text
_WRAPS = {THINK: (THINK_START, THINK_END), ACTION: (ACTION_START, ACTION_END)}
_END = re.compile(r"eb[-_](alfred|man)", re.IGNORECASE)


def is_sample(row: Row) -> bool:
    return isinstance(row.get("conversations"), list)


def entries_of(samples: Iterable[tuple[Row, tuple[int, int]]], name: str, most: int) -> list[Entry]:
    """Return an entry per episode, and at most so many; samples are put together as they come."""
    match = _END.search(name)
    environment = "" if not match else "eb_alfred" if match[1].lower() == "alfred" else "eb_manipulation"
    head = Head("prior", name.rpartition("/")[0], environment, "", name.rpartition("/")[2].rpartition(".")[0], "")
    found: list[Entry] = []
    before: int | None = None
    for row, (start, end) in samples:
        step, instruction = _step(row), _instruction(row)
        joins = step is not None and before is not None and step > before and instruction == found[-1].instruction
        if joins and found[-1].parts.span and (found[-1].planner_calls or 0) < MAX_TURNS:
            last = found[-1]
            span = (last.parts.span[0] if last.parts.span else start, end)
            count = (last.planner_calls or 0) + 1
            found[-1] = Entry(head, last.number, Parts(result=name, span=span), instruction, steps=count, planner_calls=count)
        elif len(found) == most:
            break
        else:
            found.append(Entry(head, len(found) + 1, Parts(result=name, span=(start, end)), instruction, steps=1, planner_calls=1))
        before = step
    return found


def _step(row: Row) -> int | None:
    metadata = row.get("metadata")
    return whole(metadata.get("step_id")) if isinstance(metadata, dict) else None


def _instruction(row: Row) -> str:
    told = _prompt(row, ("human",))
    match = INSTRUCTION.search(told)
    return said(match[1].strip(), 5_000) if match else ""


def _prompt(row: Row, who: tuple[str, ...]) -> str:
    return said("\n\n".join(said(part.get("value")) for part in _parts(row) if part.get("from") in who))


def _parts(row: Row) -> list[Row]:
    conversation = row.get("conversations")
    return [part for part in conversation[:50] if isinstance(part, dict)] if isinstance(conversation, list) else []


def read_prior(files: Files, entry: Entry) -> Episode:
    """Return the samples of one episode."""
    notes = Notes()
    text = set_text(files, entry.parts.result, notes, entry.parts.span)
    samples = [row for row, _ in items_in(text, short(entry.parts.result), notes) if is_sample(row)][:MAX_TURNS]
    pictures = pictures_beside(files, entry.parts.result)
    feedbacks = [last_feedback(_prompt(row, ("human",))) for row in samples]
    turns = tuple(_turn(row, index, feedback, pictures)
                  for index, (row, feedback) in enumerate(zip(samples, [*feedbacks[1:], ""])))
    lost = sum("image" in row and not turn.frame for row, turn in zip(samples, turns))
    if lost:
        notes.add(f"{lost} of {len(turns)} pictures are not in the archive.")
    notes.add("These are samples to learn from: whether the task was done is not in them.")
    return Episode(world=entry.head.environment, number=entry.number, instruction=entry.instruction, group=entry.head.subset,
                   agent=entry.head.experiment, source="uploaded", layout=entry.head.layout, turns=turns, notes=notes.all())


def _turn(row: Row, index: int, feedback: str, pictures: Pictures) -> Turn:
    spoken = [(whole(part.get("think_or_action")), said(part.get("value"))) for part in _parts(row) if part.get("from") == "gpt"]
    thought = "\n".join(text for kind, text in spoken if kind == THINK)
    acted = [text for kind, text in spoken if kind == ACTION]
    answer = acted[-1] if acted else "\n".join(text for kind, text in spoken if kind not in (THINK, ACTION))
    planned = (planned_of(acted[-1]),) if acted else ()
    actions = tuple(Action(id=named.id, name=named.name, feedback=feedback, step=index + 1)
                    for named in planned if named != Planned())
    parse: Parse = "ok" if actions else "unknown"
    reply = "".join(_wrapped(kind, text) for kind, text in spoken)
    return Turn(index=index, frame=pictures.named(row.get("image")), prompt=_prompt(row, ("system", "human")), reply=said(reply),
                thought=said(thought), sections=labelled(thought), answer=answer, planned=planned, actions=actions, parse=parse,
                by="expert")


def _wrapped(kind: int | None, text: str) -> str:
    before, after = _WRAPS.get(kind if kind is not None else 2, ("", ""))
    return f"{before}{text}{after}"
