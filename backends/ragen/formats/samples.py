"""Whole episodes as texts with a score: verl's dumps, a sample per line, and W&B's tables of generations, a validation per row.

verl writes `input`, `output`, `score` and `step` into `<global_step>.jsonl`. RAGEN leaves the input empty, and the output is the
whole chat; other trainers have the prompt in one and the reply in the other. W&B's table has `step` and, for each of 20 samples,
`input_1`, `output_1`, `score_1`. The samples of two rows do not belong together. Source: RAGEN's utils.py, verl's ray_trainer.py.
"""

import re
from collections.abc import Iterator, Sequence

from backends.episode import Episode
from backends.files.logs import Notes, flag, number, reported, said, whole
from backends.files.objects import Span
from backends.files.rows import Row
from backends.ragen.formats.history import tagged_success
from backends.ragen.formats.naming import iteration_of
from backends.ragen.formats.transcripts import Part, game_in, heard, parts_of, read_chat
from backends.ragen.rollouts import Entry, Rollout

MAX_SAMPLES = 50_000  # of one table
MAX_COLUMNS = 4_000  # of one table that are looked at; W&B's has 61
MAX_CELLS = 1_000_000  # of one table that are looked at
NORMALISED = "The score is as the trainer logged it, after its normalisation of rewards, if it has one."
_OUTPUT = re.compile(r"output_(\d{1,4})$")
_REPLY = re.compile(r"^[ \t]*assistant[ \t]*$", re.MULTILINE)
_EXTRAS = ("input", "output", "score", "step")
Groups = dict[tuple[int | None, int], int]  # (iteration, hash of the prompt) -> number


def is_sample(row: Row) -> bool:
    return isinstance(row.get("output"), str) and ("score" in row or "input" in row)


def is_table(row: Row) -> bool:
    columns, data = row.get("columns"), row.get("data")
    return isinstance(columns, list) and isinstance(data, list) and any(isinstance(name, str) and _OUTPUT.match(name)
                                                                        for name in columns)


def entry_of(row: Row, span: Span, name: str, groups: Groups) -> Entry:
    """Return the light entry of one sample; those of one iteration that were given the same prompt are a group."""
    given, chat = _text(row, "input"), chat_of(row)
    iteration = iteration_of(row, name)
    turns = _num_replies(chat)
    group = grouped(groups, iteration, given, name) if given.strip() else None
    return Entry("samples", name, *span, iteration=iteration, group=group,
                 tag=game_in(chat), score=number(row.get("score")), success=_success(row), turns=turns, is_empty=turns == 0)


def grouped(groups: Groups, iteration: int | None, prompt: str, name: str) -> int:
    """Return the number of a prompt's group, counted from 0 in each iteration; a prompt of another folder is another group."""
    key = hash((name.rpartition("/")[0], prompt))
    known = groups.get((iteration, key))
    if known is None:
        known = groups[iteration, -1] = groups.get((iteration, -1), -1) + 1  # hash() is never -1
        groups[iteration, key] = known
    return known


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _success(row: Row) -> bool | None:
    told = tagged_success(row)
    return next((flag(row[key]) for key in ("success", "acc") if key in row), None) if told is None else told


def _num_replies(chat: str) -> int:
    """Return how many replies a chat has; one that it ends with, without a word, is none."""
    marks = list(_REPLY.finditer(chat))
    return len(marks) - bool(marks and not chat[marks[-1].end():].strip())


def chat_of(row: Row) -> str:
    """Return a sample as one chat: the output alone, or the prompt and the output behind it."""
    given, output = _text(row, "input").rstrip(), _text(row, "output")
    if not given or output.lstrip().startswith(("system\n", "<|im_start|>system")):
        return output if _REPLY.search(output) else f"assistant\n{output}"
    ends = given.rpartition("\n")[2].strip().removeprefix("<|im_start|>") == "assistant"
    return f"{given}\n{output}" if ends else f"{given}\nassistant\n{output}"


def read_sample(entry: Entry, row: Row) -> Rollout:
    """Return one line of a dump whole."""
    extras = {key: value for key, value in row.items() if key not in _EXTRAS}
    return _rollout(entry, parts_of(chat_of(row)), extras)


def _rollout(entry: Entry, parts: Sequence[Part], extras: Row) -> Rollout:
    notes = Notes()
    spoken, last = heard(parts)
    turns = read_chat(spoken, last, tag=entry.tag, score=entry.score, notes=notes)
    if entry.score is not None:
        notes.add(NORMALISED)
    episode = Episode(world=entry.tag, instruction=spoken[0].prompt[:5_000] if spoken else "", source="uploaded", layout=entry.layout,
                      group="" if entry.group is None else str(entry.group), turns=turns, success=entry.success,
                      reported=reported(extras), notes=notes.all())
    return Rollout(iteration=entry.iteration, group=entry.group, tag=entry.tag, score=entry.score, episode=episode)


def entries_of(table: Row, span: Span, name: str, notes: Notes) -> Iterator[Entry]:
    """Yield the light entries of a table, row by row."""
    for part, row in _cells(table, notes):
        chat = chat_of(row)
        turns = _num_replies(chat)
        yield Entry("generations", name, *span, part=part, iteration=whole(row.get("step")), tag=game_in(chat),
                    score=number(row.get("score")), turns=turns, is_empty=turns == 0)


def read_generation(entry: Entry, table: Row) -> Rollout:
    """Return one sample of a table whole."""
    row = next((row for part, row in _cells(table, Notes()) if part == entry.part), {})
    return _rollout(entry, parts_of(chat_of(row)), {})


def _cells(table: Row, notes: Notes) -> Iterator[tuple[str, Row]]:
    """Yield each sample of a table: the row and the number of the sample, and what is in it.

    Of a row only as much is looked at as it has: a table of many columns and of empty rows is no longer than its file.
    """
    columns, data = table.get("columns"), table.get("data")
    names = [said(name, 80) for name in columns[:MAX_COLUMNS]] if isinstance(columns, list) else []
    places = {name: place for place, name in enumerate(names)}  # of two columns of one name the last
    outputs = sorted((place, match[1]) for name, place in places.items() if (match := _OUTPUT.match(name)))
    count = looked_at = 0
    for index, values in enumerate(data if isinstance(data, list) else []):
        if not isinstance(values, list):
            continue
        for place, own in outputs:
            if place >= len(values):
                break
            looked_at += 1
            if count == MAX_SAMPLES or looked_at > MAX_CELLS:
                notes.add(f"A table of generations holds more than is read: at most {MAX_SAMPLES:,} samples in {MAX_CELLS:,} cells.")
                return
            if not isinstance(values[place], str):
                continue  # a later table has more samples than an earlier one
            count += 1
            found = {key: places.get(name, len(values)) for key, name in _named(own)}
            yield f"{index}.{own}", {key: values[at] for key, at in found.items() if at < len(values)}


def _named(own: str) -> Sequence[tuple[str, str]]:
    """Return the columns of a sample: what each is called in a sample and in the table."""
    return (*((key, f"{key}_{own}") for key in ("input", "output", "score")), ("step", "step"))
