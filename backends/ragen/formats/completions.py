"""What TRL's trainers log with `log_completions`: a parquet table per step, one row per completion.

Columns: `step`, `prompt`, `completion`, one per reward function, extra ones, `advantage`. Prompt and completion are texts, or lists
of messages. An episode of several turns is one completion: one text, or one message, or a list of them. Rows of one step with equal
prompts are a group. What the reward functions weigh is not in the file. Source: TRL 1.16.
Each table is unpacked in a process of its own, see `backends.files.parquet`, which takes half a second. The same table, as W&B gives
it away, is an object of columns and data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from backends.episode import Episode, Turn
from backends.files.archive import Files
from backends.files.cells import finite
from backends.files.logs import Notes, kept, number, said, short
from backends.files.objects import Span
from backends.files.rows import OddRows, Row, unused
from backends.files.tables import Limits, Table, read_table
from backends.ragen.formats.naming import iteration_of
from backends.ragen.formats.samples import Groups, grouped
from backends.ragen.formats.scalars import rows_of
from backends.ragen.formats.transcripts import Part, game_in, heard, parts_of, read_chat, spoken_in
from backends.ragen.rollouts import FORMAT, MIXED, Entry, Rollout
from worlds.errors import InputError

COLUMNS = ("step", "prompt", "completion", "advantage")
MAX_COLUMNS = 40  # of one table
MAX_TERMS = 15  # reward functions that a turn names
LIMITS = Limits(mb=128, unpacked_mb=256, rows=50_000)
PARQUET = b"PAR1"


def is_table(row: Row) -> bool:
    """Return whether an object is W&B's table of completions."""
    columns = row.get("columns")
    return isinstance(columns, list) and isinstance(row.get("data"), list) and "prompt" in columns and "completion" in columns


def table_of(files: Files, name: str, notes: Notes, columns: Sequence[str] = ()) -> Table | None:
    """Return a table, unpacked once for all of its rows; None where it is damaged or holds no completions.

    Args:
        columns: of a table of the same training, which saves a look at this one's; empty where there is none.
    """
    table, told = kept(files, "completions", name, lambda: _table(files, name, columns))
    for note in told:
        notes.add(note)
    return table


def _table(files: Files, name: str, columns: Sequence[str]) -> tuple[Table | None, tuple[str, ...]]:
    what = short(name)
    try:
        content = files.read(name)
        columns = columns or read_table(content, OddRows(), known=("step",), limits=LIMITS, what=what).columns
        if not {"prompt", "completion"} <= set(columns):
            return None, (f"{what} has no columns `prompt` and `completion`.",)
        asked = list(dict.fromkeys([*COLUMNS, *columns]))[:MAX_COLUMNS]
        table = read_table(content, OddRows(), known=asked, limits=LIMITS, what=what)
    except InputError as error:
        return None, (str(error),)
    notes = [*table.notes, *unused(column for column in table.columns if column not in asked)]
    if table.count > len(table.rows):
        notes.append(f"{what} has {table.count:,} rows. The first {len(table.rows):,} are listed.")
    return table, tuple(notes)


def rewards_in(row: Row) -> dict[str, float]:
    """Return what each reward function gave: every column of numbers that is none of TRL's own."""
    return {said(name, 80): float(value) for name, value in list(row.items())[:MAX_COLUMNS] if name not in COLUMNS and finite(value)}


def entries_of(table: Row, span: Span, name: str, groups: Groups) -> Iterator[Entry]:
    """Yield the light entries of W&B's table."""
    for place, row in islice(enumerate(rows_of(table), 1), LIMITS.rows):
        yield replace(entry_of(row, place, name, groups), start=span[0], end=span[1])


def entry_of(row: Row, place: int, name: str, groups: Groups) -> Entry:
    """Return the light entry of one row, which is found again by its place, from 1."""
    iteration = iteration_of(row, name)
    prompt, rewards = _flat(row.get("prompt")), rewards_in(row)
    spoken, _ = heard(_parts(row))
    replies = [one for one in spoken if one.reply]
    return Entry("completions", name, part=str(place), iteration=iteration, group=grouped(groups, iteration, prompt, name),
                 tag=game_in(prompt), score=sum(rewards.values()) if rewards else None, advantage=number(row.get("advantage")),
                 turns=len(replies), is_empty=not replies)


def _flat(value: object) -> str:
    """Return a prompt or completion as one text."""
    return value if isinstance(value, str) else "\n".join(f"{part.role}\n{part.text}" for part in _messages(value, "user"))


def _messages(value: object, role: str) -> list[Part]:
    """Return the parts of a prompt or completion; a text is one, of that role, unless it is a chat by itself."""
    if isinstance(value, str):
        parts = parts_of(value)
        return parts if any(part.role == "assistant" for part in parts) else [Part(role, value.strip())]
    messages = value if isinstance(value, list) else []
    return [Part(said(message.get("role"), 20), said(message.get("content"))) for message in messages if isinstance(message, dict)]


def _parts(row: Row) -> list[Part]:
    """Return a row as one chat. A completion of several turns begins with a reply, and what the game said stands as a user's."""
    completion = row.get("completion")
    told = [Part("assistant", completion)] if isinstance(completion, str) else _messages(completion, "assistant")
    if len(told) == 1 and told[0].role == "assistant":  # one message may hold a whole episode, as a text may
        told = spoken_in(told[0].text)
    return [*_messages(row.get("prompt"), "user"), *told]


def read_completion(entry: Entry, row: Row) -> Rollout:
    """Return one row whole."""
    notes = Notes()
    rewards = rewards_in(row)
    spoken, last = heard(_parts(row))
    turns = read_chat(spoken, last, tag=entry.tag, score=None, notes=notes)
    if turns and rewards:
        turns = _rewarded(turns, rewards, notes)
    group = "" if entry.group is None else str(entry.group)
    episode = Episode(world=entry.tag, instruction=spoken[0].prompt[:5_000] if spoken else "", source="uploaded", group=group,
                      layout="completions", turns=turns, reported=dict(rewards), notes=notes.all())
    return Rollout(iteration=entry.iteration, group=entry.group, tag=entry.tag, score=entry.score, advantage=entry.advantage,
                   episode=episode)


def _rewarded(turns: Sequence[Turn], rewards: Mapping[str, float], notes: Notes) -> tuple[Turn, ...]:
    """Return the turns, whose rewards come to the score together.

    What the text shows of a turn's reward is a part of what the reward functions gave, and is not counted twice. What bad form costs
    is theirs to say, so nothing is taken off for it.
    """
    *before, last = (turn.model_copy(update={"rewards": {name: paid for name, paid in turn.rewards.items() if name != FORMAT}})
                     for turn in turns)
    shown = [turn.reward for turn in (*before, last) if turn.rewards]
    if shown:
        rest = round(sum(rewards.values()) - sum(shown), 9)
        terms = {MIXED: rest} if rest else {}
        notes.add("The text shows what turns were paid. What the score leaves beside it stands at the last turn.")
    else:
        terms = dict(list(rewards.items())[:MAX_TERMS])
        notes.add("The rewards are of the whole completion and stand at its last turn.")
    notes.add("The score is the sum of all reward functions: their weights are not in the file.")
    return *before, last.model_copy(update={"rewards": {**last.rewards, **terms}})
