"""What ERA's RL training writes: conversations per global step, and values and advantages, joined by step and environment.

`conversation_history_step_{n}.txt` holds one block per parallel environment: its id, steps, seed, the system message, then users'
and assistants' messages in turn, each observation followed by a comment with the reward of the step before it. Comment 0 is of the
reset. `advantage_value_log.txt` has advantage (whitened), value and reward per turn. The seed tells subset and episode. No pictures
are written.
"""

import re
from dataclasses import dataclass
from itertools import chain, islice, pairwise

from backends.episode import MAX_TURNS, Action, Episode, Planned, Turn
from backends.era.formats.listing import UNKNOWN, Entry, Head, LogRun, Parts, of_same_upload
from backends.era.replies import NUM_POSE, Reply, read_reply
from backends.files.archive import Files
from backends.files.cells import unfolded
from backends.files.logs import MAX_SET_MB, Notes, kept, number, said, short, text_of, whole
from worlds.errors import InputError

ALFRED_SUBSETS = ("base", "spatial", "common_sense", "complex_instruction", "visual_appearance", "long_horizon")
TABLE_SUBSETS = ("base", "common_sense", "complex", "spatial", "visual")
SEEDS_PER_SUBSET = 100
DONE_REWARD = 2.0  # above it the +3 of a success is in a turn's reward: without it at most +1 and +0.5 are paid
MAX_BLOCKS = 2_000  # environments of one file; the paper has 50
MAX_JUDGED = 10_000  # environments of one global step
_VALUES = "advantage_value_log.txt"
_NAME = re.compile(r"conversation_history_?(.*)step_(\d{1,9})(?:_(\d{1,9}))?\.txt$")
_BLOCK = re.compile(r"^Environment ID: (.{1,200})\n(?:Steps: (.{0,40})\n)?(?:Done: (.{0,40})\n)?(?:Seed: (.{0,40})\n)?", re.MULTILINE)
_STEP = re.compile(r"^=== Global Step: (\d{1,9}) ===[ \t]*$", re.MULTILINE)
_ENV = re.compile(r"^Env ID: (.{1,200})$", re.MULTILINE)
_TURN = re.compile(r"^[ \t]*Step (\d{1,9}): advantage=(\S{1,40}), value=(\S{1,40})(?:, reward=(\S{1,40}))?[ \t]*$", re.MULTILINE)
_MARK = re.compile(r"^(?:(SYSTEM|USER|ASSISTANT): |# Step (\d{1,9}): Reward=(\S{1,40}), Done=(\w{1,8})[ \t]*$|# Images: .*$|"
                   r"={80}[ \t]*$)", re.MULTILINE)
_REWARD = re.compile(r"^# Step \d{1,9}: Reward=(\S{1,40}),", re.MULTILINE)
INSTRUCTION = re.compile(r"(?<!\w)instruction:[ \t]*(.{1,5000})")
_HISTORY = "interaction_history:"


@dataclass(frozen=True)
class _Told:
    """A file that many episodes share, and what had to be said of it."""

    text: str
    global_step: int | None = None  # the first that it names
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Values:
    """Where each environment stands in the log of values, at one global step."""

    text: str
    spans: dict[str, tuple[int, int]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """What the training thought of one turn."""

    advantage: float | None
    value: float | None


def is_conversation(base: str) -> bool:
    return _NAME.match(base) is not None


def training_run(files: Files, name: str, notes: Notes) -> LogRun | None:
    """Return the run that one conversation file is, with an entry per environment."""
    text = _conversation(files, name, notes).text
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        notes.add(f"{short(name)} holds no conversation of ERA's training.")
        return None
    own = Notes()
    if len(blocks) > MAX_BLOCKS:
        own.add(f"The file holds {len(blocks):,} episodes. The first {MAX_BLOCKS:,} are listed.")
    is_table = _is_table(text)
    head = Head("training", name.rpartition("/")[0], "eb_manipulation" if is_table else "eb_alfred", "", _experiment(name, text), "")
    ends = [*(block.start() for block in blocks[1:]), len(text)]
    entries = tuple(_entry(head, name, place + 1, block, text[block.end():end], end, is_table)
                    for place, (block, end) in enumerate(zip(blocks[:MAX_BLOCKS], ends)))
    return LogRun(head, entries, notes=own.all())


def _conversation(files: Files, name: str, notes: Notes) -> _Told:
    """Return a file of conversations, read once for all of its environments."""
    def make() -> _Told:
        own = Notes()
        text = _text(files, name, own)
        step = _STEP.search(text)
        return _Told(text, int(step[1]) if step else None, own.all())

    told = kept(files, "text", name, make)
    for note in told.notes:
        notes.add(note)
    return told


def _text(files: Files, name: str, notes: Notes) -> str:
    return text_of(files, name, notes, limit_mb=MAX_SET_MB).replace("\r\n", "\n").replace("\r", "\n")


def _experiment(name: str, text: str) -> str:
    match, step = _NAME.search(name.rpartition("/")[2]), _STEP.search(text)
    what = "validation at global step" if match and "val" in match[1] else "global step"
    return f"{what} {step[1] if step else match[2] if match else '?'}"


def _is_table(text: str) -> bool:
    """Return whether the first reply names a pose; skills have an id and a name."""
    start = text.find("\nASSISTANT: ")
    reply = read_reply(text[start + len("\nASSISTANT: "):start + 20_000]) if start >= 0 else Reply("failed")
    return any(not action.id and action.name.count(",") == NUM_POSE - 1 for action in reply.planned)


def subset_of_seed(seed: int, *, is_table: bool) -> str:
    """Return the subset that a seed of ERA's training stands for: 100 seeds for each, in its code's order."""
    subsets = TABLE_SUBSETS if is_table else ALFRED_SUBSETS
    return subsets[seed // SEEDS_PER_SUBSET] if seed // SEEDS_PER_SUBSET < len(subsets) else UNKNOWN


def _entry(run: Head, name: str, place: int, block: re.Match[str], body: str, end: int, is_table: bool) -> Entry:
    seed = whole(block[4])
    rewards = [number(reward) for reward in _REWARD.findall(body)]
    instruction = INSTRUCTION.search(body, max(0, body.find("\nUSER: ")))
    subset = UNKNOWN if seed is None else subset_of_seed(seed, is_table=is_table)
    head = Head(run.layout, run.root, run.environment, run.model, run.experiment, subset)
    return Entry(
        head, place, Parts(result=name, span=(block.start(), end)), instruction=said(instruction[1].strip()) if instruction else "",
        success=any((reward or 0) >= DONE_REWARD for reward in rewards) if rewards else None, steps=whole(block[2]),
        planner_calls=body.count("\nASSISTANT: "), seed=seed, task=said(block[1].strip(), 200))


def read_training(files: Files, entry: Entry) -> Episode:
    """Return one environment's episode of a training, with values and advantages where they were logged."""
    notes = Notes()
    told = _conversation(files, entry.parts.result, notes)
    start, end = entry.parts.span or (0, len(told.text))
    judged: dict[int, Judged] = {}
    if told.global_step is not None and not entry.head.experiment.startswith("validation"):
        judged = _judged(files, entry.parts.result, told.global_step, entry.task, notes)
    turns = _turns(told.text[start:end], judged, notes)
    if judged:
        notes.add("The advantages are whitened over the batch, as the training logged them.")
    if entry.success is not None:
        notes.add("Whether the task was done is read off the reward: a success pays 3.")
    return Episode(
        world=entry.head.environment, task=entry.task, seed=entry.seed, number=entry.number, instruction=entry.instruction,
        group=entry.head.subset, agent=entry.head.experiment, source="uploaded", layout=entry.head.layout, turns=turns,
        success=entry.success, ended="task done" if entry.success else "", notes=notes.all())


def _judged(files: Files, conversation: str, global_step: int, environment: str, notes: Notes) -> dict[int, Judged]:
    """Return value and advantage by turn, from 1, out of the log that is nearest to a conversation."""
    name = _values_of(files, conversation)
    if not name:
        notes.add(f"{_VALUES} is missing: values and advantages are not known.")
        return {}
    values = kept(files, "values", (name, global_step), lambda: _values(files, name, global_step))
    for note in values.notes:
        notes.add(note)
    if environment not in values.spans:
        notes.add(f"{_VALUES} has no {environment!r} at global step {global_step}.")
        return {}
    start, end = values.spans[environment]
    return {int(turn[1]): Judged(number(turn[2]), number(turn[3])) for turn in _TURN.finditer(values.text, start, end)}


def _values_of(files: Files, conversation: str) -> str:
    """Return the log of values in the folder of a conversation, or in the nearest one above; another training's is none."""
    def make() -> str:
        plain = {name.replace("\\", "/"): name for name in of_same_upload(files.names, conversation)}
        by_folder = {path.rpartition("/")[0]: name for path, name in plain.items() if path.rpartition("/")[2] == _VALUES}
        folder = conversation.replace("\\", "/").rpartition("/")[0]
        while folder and folder not in by_folder:
            folder = folder.rpartition("/")[0]
        return by_folder.get(folder, "")

    return kept(files, "log of values", conversation, make)


def _values(files: Files, name: str, global_step: int) -> _Values:
    own = Notes()
    text = _text(files, name, own)
    spans: dict[str, tuple[int, int]] = {}
    for step, following in pairwise(chain(_STEP.finditer(text), [None])):
        if step is None or int(step[1]) != global_step or len(spans) >= MAX_JUDGED:
            continue
        end = following.start() if following else len(text)
        marks = list(islice(_ENV.finditer(text, step.end(), end), MAX_JUDGED + 1))
        if len(marks) > MAX_JUDGED:
            own.add(f"{short(name)} names more than {MAX_JUDGED:,} environments at global step {global_step}. The first are read.")
        for mark, stop in zip(marks[:MAX_JUDGED], [*(other.start() for other in marks[1:]), end]):
            spans.setdefault(mark[1].strip(), (mark.end(), stop))
    return _Values(text, spans, own.all())


@dataclass
class _Open:
    prompt: str
    reply: str
    feedback: str = ""
    reward: float | None = None


def _turns(block: str, judged: dict[int, Judged], notes: Notes) -> tuple[Turn, ...]:
    system, told = "", ""
    found: list[_Open] = []
    marks = list(_MARK.finditer(block))[:8 * MAX_TURNS]
    for mark, end in zip(marks, [*(other.start() for other in marks[1:]), len(block)]):
        text = said(block[mark.end():end].strip())
        if mark[1] == "SYSTEM":
            system = text
        elif mark[1] == "USER":
            told = text
            if found:
                found[-1].feedback = last_feedback(text)
        elif mark[1] == "ASSISTANT":
            found.append(_Open(said(f"{system}\n\n{told}".strip()), text))
        elif mark[2] and found and int(mark[2]) == len(found):
            found[-1].reward = number(mark[3])
    if len(found) > MAX_TURNS:
        notes.add(f"The conversation has {len(found):,} turns. The first {MAX_TURNS:,} are shown.")
    return tuple(_turn(index, turn, judged.get(index + 1)) for index, turn in enumerate(found[:MAX_TURNS]))


def _turn(index: int, turn: _Open, judged: Judged | None) -> Turn:
    reply = read_reply(turn.reply)
    named = reply.planned[0] if reply.planned else Planned()
    success = None if turn.reward is None else turn.reward >= DONE_REWARD
    action = Action(id=named.id, name=named.name, feedback=turn.feedback, step=index + 1, success=success,
                    ok=False if "invalid" in turn.feedback.lower() else True if "success" in turn.feedback.lower() else None)
    return Turn(index=index, prompt=turn.prompt, reply=turn.reply, thought=reply.thought, sections=reply.sections,
                answer=reply.answer, planned=reply.planned, parse=reply.parse, actions=(action,),
                rewards={} if turn.reward is None else {"training": turn.reward},
                value=judged.value if judged else None, advantage=judged.advantage if judged else None)


def last_feedback(prompt: str) -> str:
    """Return the feedback on the last action, as the next prompt's history has it: Python's own writing, never JSON."""
    line = prompt.partition(_HISTORY)[2].partition("\n")[0]
    try:
        history = unfolded(line[:line.rfind("]") + 1])
    except InputError:
        return ""
    last = history[-1] if isinstance(history, list) and history else None
    return said(last.get("env_feedback"), 5_000) if isinstance(last, dict) else ""
