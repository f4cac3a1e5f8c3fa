"""VAGEN's dumps of evaluated episodes, read into the shared record; several systems meet them.

    tag_{id}/{env}_seed_{seed}/  metrics.json  messages.json  assistant_texts.json  transcript.txt  images/turn_01_01.png
    tag_{id}/summary.json

The conversation is taken from messages.json, else from the replies alone, else from the transcript. Every reply is one turn and one
step of the world. `rewards` and `infos` of metrics.json have an entry per turn, or `infos` the last one only; both are read.
Source: VAGEN's evaluation workflow. Not here: what a reply means to an environment, which the caller's `read` says.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from backends.episode import MAX_TURNS, Action, Episode, Parse, Planned, Turn
from backends.files.archive import Files
from backends.files.cells import cut
from backends.files.logs import Notes, flag, number, object_of, reported, said, text_of, value_of, whole
from backends.files.rows import Row

_FILES = ("metrics.json", "messages.json", "assistant_texts.json", "transcript.txt")
_IMAGE = re.compile(r"turn_(\d{1,6})_(\d{1,6})\.(?:png|jpe?g|webp)$")
_SEED = re.compile(r"(.+)_seed_(\d{1,9})$")
_THINK = re.compile(r"<think>(.*?)(?:</think>|$)", re.DOTALL)
_ANSWER = re.compile(r"<(answer|ans|action)>(.*?)(?:</\1>|$)", re.DOTALL)
_SPEAKER = re.compile(r"^(SYSTEM|USER|ASSISTANT): ", re.MULTILINE)
_SUCCESS = ("success", "is_success", "solved", "task_success")
_FEEDBACK = ("env_feedback", "feedback", "error")


@dataclass(frozen=True)
class Dump:
    """One dumped episode: the folder, and the names in it."""

    folder: str
    names: dict[str, str]  # file -> name in the archive
    images: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The folder above it, which is one evaluation."""
        return self.folder.rpartition("/")[0]

    @property
    def environment(self) -> str:
        match = _SEED.match(self.folder.rpartition("/")[2])
        return said(match[1], 80) if match else ""

    @property
    def seed(self) -> int | None:
        match = _SEED.match(self.folder.rpartition("/")[2])
        return int(match[2]) if match else None


@dataclass(frozen=True)
class Said:
    """A reply as its environment understands it."""

    thought: str = ""
    answer: str = ""
    planned: tuple[Planned, ...] = ()
    parse: Parse = "unknown"


@dataclass(frozen=True)
class Outcome:
    """What metrics.json says of a whole episode; None is what it does not say."""

    environment: str = ""
    seed: int | None = None
    success: bool | None = None
    turns: int | None = None
    ended: str = ""
    score: float | None = None  # all rewards together


def dumps(names: Iterable[str]) -> tuple[Dump, ...]:
    """Return the dumped episodes among these names: a folder with messages or replies, or with metrics beside a transcript."""
    found: dict[str, dict[str, str]] = {}
    images: dict[str, list[str]] = {}
    for name in names:
        folder, _, base = name.replace("\\", "/").rpartition("/")
        if base in _FILES:
            found.setdefault(folder, {})[base] = name
        elif _IMAGE.match(base) and folder.endswith("images"):
            images.setdefault(folder.removesuffix("images").rstrip("/"), []).append(name)
    return tuple(Dump(folder, own, tuple(sorted(images.get(folder, ())))) for folder, own in sorted(found.items())
                 if len(own) > 1 or not {"messages.json", "assistant_texts.json"}.isdisjoint(own))


def outcome(files: Files, dump: Dump, notes: Notes) -> Outcome:
    """Return what an episode came to, from its metrics alone."""
    row = object_of(files, dump.names.get("metrics.json", ""), notes)
    config = row.get("env_config")
    named = said(row.get("env_name"), 80) or (said(config.get("name"), 80) if isinstance(config, dict) else "")
    seed = whole(row.get("seed"))
    return Outcome(dump.environment or named, dump.seed if seed is None else seed, flag(row.get("success")),
                   whole(row.get("num_turns")), said(row.get("finish_reason"), 200), number(row.get("cumulative_reward")))


def in_tags(text: str) -> Said:
    """Return a reply in VAGEN's usual form: <think> ... </think> <answer> ... </answer>; papers and forks write <ans>, too."""
    thought, answer = _THINK.search(text), _ANSWER.search(text)
    name = answer[2].strip() if answer else ""
    return Said(said(thought[1].strip()) if thought else "", said(name), (Planned(name=said(name, 500)),) if name else (),
                "ok" if name else "empty" if answer else "failed")


def read_dump(files: Files, dump: Dump, *, read: Callable[[str], Said] = in_tags) -> Episode:
    """Return one dumped episode.

    Args:
        read: what a reply means; the usual tags, unless an environment has its own way.
    """
    notes = Notes()
    whole_of = outcome(files, dump, notes)
    row = object_of(files, dump.names.get("metrics.json", ""), notes)
    spoken = _spoken(files, dump, notes)
    if len(spoken) > MAX_TURNS:
        notes.add(f"The dump has {len(spoken):,} replies. The first {MAX_TURNS:,} are shown.")
    turns = _turns(spoken[:MAX_TURNS], row, _images(dump), read)
    instruction = spoken[0][0] if spoken else ""
    return Episode(world=whole_of.environment, seed=whole_of.seed, instruction=_instruction(instruction), source="uploaded",
                   layout="vagen", turns=turns, success=whole_of.success, ended=whole_of.ended, reported=reported(row),
                   notes=notes.all())


def _instruction(prompt: str) -> str:
    match = re.search(r"(?im)^[ \t#*]*(?:instruction|task|human instruction)[*]{0,2}[ \t]*:[ \t]*(.+)$", prompt)
    return said(match[1].strip(), 5_000) if match else ""


def _spoken(files: Files, dump: Dump, notes: Notes) -> list[tuple[str, str]]:
    """Return (prompt, reply) of each turn."""
    messages = value_of(files, dump.names["messages.json"], notes) if "messages.json" in dump.names else None
    if isinstance(messages, list) and messages:
        return _paired([(said(entry.get("role"), 20).lower(), _content(entry.get("content")))
                        for entry in messages if isinstance(entry, dict)])
    replies = value_of(files, dump.names["assistant_texts.json"], notes) if "assistant_texts.json" in dump.names else None
    if isinstance(replies, list) and replies:
        notes.add("messages.json is missing: what the agent was told is not known.")
        return [("", said(reply)) for reply in replies]
    text = text_of(files, dump.names.get("transcript.txt", ""), notes)
    if replies is not None and not isinstance(replies, list):
        notes.add(f"assistant_texts.json holds {cut(replies)}, and no list of texts.")
    marks = list(_SPEAKER.finditer(text))[:10 * MAX_TURNS]
    return _paired([(mark[1].lower(), text[mark.end():after].strip())
                    for mark, after in zip(marks, [*(mark.start() for mark in marks[1:]), len(text)])])


def _content(value: object) -> str:
    if isinstance(value, list):
        return said("\n".join(said(part.get("text")) if part.get("type") != "image_url" else "<image>"
                              for part in value[:200] if isinstance(part, dict)))
    return said(value)


def _paired(messages: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return each reply with what was said since the one before it."""
    found: list[tuple[str, str]] = []
    told: list[str] = []
    for role, text in messages:
        if role == "assistant":
            found.append((said("\n\n".join(told)), text))
            told = []
        else:
            told.append(text)
    return found


def _images(dump: Dump) -> list[str]:
    """Return the first picture of each turn; some versions number turns from 0, some from 1."""
    first: dict[int, str] = {}
    for name in dump.images:
        if match := _IMAGE.search(name):
            first.setdefault(int(match[1]), name)
    if not first:
        return []
    start = min(first)
    return [first.get(step, "") for step in range(start, min(max(first), start + MAX_TURNS) + 1)]


def _turns(spoken: Sequence[tuple[str, str]], row: Row, images: Sequence[str], read: Callable[[str], Said]) -> tuple[Turn, ...]:
    rewards, infos = row.get("rewards"), row.get("infos")
    rewards = rewards if isinstance(rewards, list) else []
    infos = infos if isinstance(infos, list) and len(infos) == len(spoken) else []
    found = []
    for index, (prompt, reply) in enumerate(spoken):
        meant, info = read(reply), infos[index] if index < len(infos) else None
        reward = number(rewards[index]) if index < len(rewards) else None
        before, after = (images[place] if place < len(images) else "" for place in (index, index + 1))
        action = _action(meant, info if isinstance(info, dict) else {}, index + 1, reward, after)
        found.append(Turn(index=index, prompt=prompt, reply=reply, thought=meant.thought, answer=meant.answer, planned=meant.planned,
                          actions=(action,), parse=meant.parse, frame=before))
    return tuple(found)


def _action(meant: Said, info: Row, step: int, reward: float | None, frame: str) -> Action:
    named = meant.planned[0] if meant.planned else Planned()
    metrics = info.get("metrics")
    of_turn = metrics.get("turn_metrics") if isinstance(metrics, dict) else None
    valid = flag(of_turn.get("action_is_valid")) if isinstance(of_turn, dict) else None
    success = next((flag(info[key]) for key in _SUCCESS if key in info), None)
    feedback = next((said(info[key], 5_000) for key in _FEEDBACK if info.get(key)), "")
    return Action(id=named.id, name=named.name, ok=flag(info.get("last_action_success")) if valid is None else valid,
                  feedback=feedback, step=step, success=success, frame=frame,
                  rewards={} if reward is None else {"environment": reward})
