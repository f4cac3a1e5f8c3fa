"""What an embodied agent replied, read into a thought, its parts, and the actions that it wants carried out.

Three kinds of replies occur: EmbodiedBench's JSON object with `executable_plan`, ERA's text with special tokens, and ERA's text
alone, without an action, as its logs of EB-ALFRED keep it. JSON that cannot be read is repaired by the benchmark's own two rules and
by no other, since the log was made with them: (a) single quotes become double ones and Markdown fences go; (b) inside the
reflection every quote is escaped. Nothing here raises, whatever the text. Source: EmbodiedBench's remote_model.py and
planner_utils.py; ERA's mani_env_utils.py.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from backends.episode import MAX_ACTIONS, MAX_SECTIONS, Parse, Planned
from backends.files.cells import finite, unfolded
from backends.files.logs import MAX_LINE, said
from models.marks import ACTION_START, PARTS, THINK_START
from worlds.errors import InputError

Style = Literal["json", "era", "think", "none"]
SECTIONS = ("visual_state_description", *PARTS)
NUM_POSE = 7  # x, y, z, roll, pitch, yaw, gripper
FENCES, INNER_QUOTES = "fences removed", "quotes inside the reflection escaped"
SINGLE_QUOTES = "single quotes turned into double ones"
_THINK = re.compile(r"<\|think_start\|>(.*?)(?:<\|think_end\|>|<\|action_start\|>|$)", re.DOTALL)
_ACTION = re.compile(r"<\|action_start\|>(.*?)(?:<\|action_end\|>|<\|diff_marker\|>|$)", re.DOTALL)
OUTPUT = "Output Action:"  # before the action in logs of ERA's table top
_LABEL = re.compile(r"\b(visual_description|reasoning_and_reflection|language_plan)[ \t]*:")
FENCE = re.compile(r"```(?:json|JSON)?")
_REFLECTION = re.compile(r'"reasoning_and_reflection"\s*:\s*"')
_AFTER_REFLECTION = re.compile(r'"\s*,\s*"language_plan"')
_UNESCAPED = re.compile(r'(?<!\\)"')
_APOSTROPHE = re.compile(r'"(s|re|ll|t|d|m|ve) ')
_MOST_BARE = 80  # characters of a name without quotes: more is talk
_POSE = re.compile(r"\[\s*(-?\d{1,9}(?:\.\d{1,9})?(?:\s*,\s*-?\d{1,9}(?:\.\d{1,9})?){6})\s*\]")


@dataclass(frozen=True)
class Reply:
    """A reply that was read as far as it can be; `mended` says which repair made it readable."""

    parse: Parse
    style: Style = "none"
    mended: tuple[str, ...] = ()
    thought: str = ""
    sections: dict[str, str] = field(default_factory=dict)
    answer: str = ""
    planned: tuple[Planned, ...] = ()


@dataclass(frozen=True)
class Executable:
    """What the benchmark carries out of a plan: code 0 and the actions, or -1 (unusable), or -2 (empty)."""

    code: Literal[0, -1, -2]
    planned: tuple[Planned, ...] = ()


def read_reply(text: str, *, is_pose: bool = False) -> Reply:
    """Return a reply as it was meant.

    Args:
        is_pose: whether actions are seven numbers of a gripper, as in EB-Manipulation, and not skills with ids.
    """
    if ACTION_START in text or THINK_START in text or next(outputs(text), None):
        return _special_tokens(text)
    if text.lstrip().startswith(("{", "`")) or "executable_plan" in text:
        return _benchmark(text, is_pose)
    if sections := labelled(text):
        return Reply("unknown", "think", thought=said(text), sections=sections)
    return Reply("failed", thought="")


def executable(planned: Sequence[Planned], num_skills: int) -> Executable:
    """Return what is carried out: an id out of range at position 0 spoils the plan, at position i > 0 it ends it there."""
    if not planned:
        return Executable(-2)
    good = next((place for place, action in enumerate(planned) if not _is_known(action.id, num_skills)), len(planned))
    return Executable(0, tuple(planned[:good])) if good else Executable(-1)


def _is_known(action_id: str, num_skills: int) -> bool:
    return action_id.isascii() and action_id.isdigit() and len(action_id) < 10 and int(action_id) < num_skills


def labelled(text: str) -> dict[str, str]:
    """Return ERA's three labelled parts of a thought; each label counts where it first stands after the one before it."""
    found: list[tuple[str, int, int]] = []
    names = list(PARTS)
    for match in _LABEL.finditer(text):
        if match[1] in names:
            found.append((match[1], match.start(), match.end()))
            names = names[names.index(match[1]) + 1:]
    ends = [*(start for _, start, _ in found[1:]), len(text)]
    # differs from ERA's code, whose pattern ends a part at the next "word:" and so silently cuts "Note: ..." off
    return {name: said(text[start:end].strip()) for (name, _, start), end in zip(found, ends)}


def _special_tokens(text: str) -> Reply:
    span = _ACTION.search(text)
    start, begin, end = next(outputs(text), (len(text),) * 3)
    answer = span[1].strip() if span else text[begin:end]
    inside = _THINK.search(text)
    thought = inside[1] if inside else text[:span.start() if span else start]
    planned = _in_brackets(answer)
    is_empty = answer.replace(" ", "") in ("[]", "[[]]")
    parse: Parse = "empty" if is_empty else "ok" if planned else "failed"
    return Reply(parse, "era", (), said(thought.strip()), labelled(thought), said(answer), planned)


def outputs(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield where each `Output Action: [[...]]` begins, where its list does, and where that ends, at the end of a line."""
    place = text.find(OUTPUT)
    while place >= 0:  # every sign is looked at once: a pattern would go through all that follows for each
        following = text.find(OUTPUT, place + 1)
        begin = place + len(OUTPUT)
        begin += len(text[begin:begin + 50]) - len(text[begin:begin + 50].lstrip(" \t"))
        limit = len(text) if following < 0 else following
        end = text.find("]]", begin, limit) + 2
        while end >= 2 and text[end:end + 50].partition("\n")[0].strip():
            end = text.find("]]", end, limit) + 2
        if text.startswith("[[", begin) and end >= 2:
            yield place, begin, end
        place = following


def _in_brackets(answer: str) -> tuple[Planned, ...]:
    """Return the poses, or the one skill `[64, 'find a Ladle']`, with or without quotes around its name."""
    if poses := _POSE.findall(answer):
        return tuple(Planned(name=pose_text([float(number) for number in pose.split(",")])) for pose in poses[:MAX_ACTIONS])
    inner = answer.strip()
    if not inner.startswith("["):
        return _bare(inner)
    inner = inner.strip("[] \n\t")
    number, _, name = inner.partition(",")
    if number.strip().lstrip("-").isdigit() and len(number.strip()) < 10:
        return (Planned(id=number.strip(), name=said(_unquoted(name), 500)),)
    return (Planned(name=said(_unquoted(inner), 500)),) if inner[:1] in ("'", '"') else ()


def _bare(answer: str) -> tuple[Planned, ...]:
    """Return the action of a reply without brackets, as this project's agents write: a skill's name, or seven numbers."""
    words = " ".join(answer.split())
    if all(word.isascii() and word.isdigit() for word in words.split()):
        numbers = [float(word) for word in words.split() if len(word) < 10]
        return (Planned(name=pose_text(numbers)),) if len(numbers) == NUM_POSE else ()
    return (Planned(name=said(words, 500)),) if words[0].isalpha() and len(words) <= _MOST_BARE else ()


def _unquoted(name: str) -> str:
    name = name.strip()
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] and name[0] in "'\"" else name


def pose_text(pose: Sequence[float]) -> str:
    """Return seven numbers as the benchmark writes an action: [40, 43, 26, 0, 60, 90, 1]."""
    return f"[{', '.join(_plainly(value) for value in pose)}]"


def _plainly(value: float) -> str:
    """A number without an exponent, which nobody reads back."""
    text = f"{value:.15g}"
    return text if "e" not in text else f"{value:.9f}".rstrip("0").rstrip(".")


def pose_of(name: str) -> list[float] | None:
    """Return the seven numbers of an action that is written so, None of any other action's name."""
    found = unfolded(name) if name.startswith("[") else None
    return found if isinstance(found, list) and len(found) == NUM_POSE and all(map(finite, found)) else None


def _benchmark(text: str, is_pose: bool) -> Reply:
    failed = Reply("failed", "json")
    if len(text) > MAX_LINE:
        return failed
    for tried, mended in _repairs(text.strip()):
        found = _loaded(tried)
        if isinstance(found, dict):
            reply = _of_object(found, is_pose)
            mended = mended if reply.parse != "failed" else ()
            return replace(reply, mended=mended, parse="repaired" if mended and reply.parse == "ok" else reply.parse)
    return failed


def _repairs(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the text as it is, and after each of the benchmark's repairs, the smallest first; each one only where it changes it."""
    yield text, ()
    bare, seen = FENCE.sub("", text).strip(), {text}
    fenced = (FENCES,) if bare != text else ()
    double = single_to_double(bare)
    quoted = (*fenced, SINGLE_QUOTES)
    for tried, mended in ((bare, fenced), (escaped_reflection(bare), (*fenced, INNER_QUOTES)), (double, quoted),
                          (escaped_reflection(double), (*quoted, INNER_QUOTES))):
        if tried not in seen:
            seen.add(tried)
            yield tried, mended


def single_to_double(text: str) -> str:
    """Return the text after rule (a): every ' becomes ", and what then looks like it's, we're, I'll, don't, ... is turned back."""
    return _APOSTROPHE.sub(r"'\1 ", text.replace("'", '"'))


def escaped_reflection(text: str) -> str:
    """Return the text after rule (b): every unescaped quote between the reflection's beginning and the next key is escaped."""
    start = _REFLECTION.search(text)
    end = _AFTER_REFLECTION.search(text, start.end()) if start else None
    if not start or not end:
        return text
    return text[:start.end()] + _UNESCAPED.sub(r'\\"', text[start.end():end.start()]) + text[end.start():]


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_object(found: dict[str, object], is_pose: bool) -> Reply:
    sections = {said(key, 80): _words(value) for key, value in found.items() if key in SECTIONS or isinstance(value, str)}
    sections = {key: text for key, text in list(sections.items())[:MAX_SECTIONS] if text and key != "executable_plan"}
    thought = "\n".join(f"{key}: {text}" for key, text in sections.items())
    plan = _unfolded(found.get("executable_plan"))
    answer = "" if plan is None else said(json.dumps(found["executable_plan"], ensure_ascii=False))
    if not isinstance(plan, list):
        return Reply("failed", "json", (), said(thought), sections, answer)
    planned = _poses(plan) if is_pose else tuple(_skill(entry) for entry in plan[:MAX_ACTIONS])
    parse: Parse = "empty" if not plan else "failed" if planned is None else "ok"
    return Reply(parse, "json", (), said(thought), sections, answer, planned or ())


def _words(value: object) -> str:
    """Return a part of the thought; some models write a list of steps where a text is due."""
    if isinstance(value, list):
        return said("\n".join(said(entry) for entry in value[:200]))
    return said(value).strip()


def _unfolded(value: object) -> object:
    try:
        return unfolded(value)
    except InputError:
        return None


def _skill(entry: object) -> Planned:
    if isinstance(entry, dict):
        return Planned(id=said(entry.get("action_id"), 200), name=said(entry.get("action_name"), 500))
    if isinstance(entry, list) and len(entry) == 2:
        return Planned(id=said(entry[0], 200), name=said(entry[1], 500))
    return Planned(name=said(entry, 500))


def _poses(plan: list[object]) -> tuple[Planned, ...] | None:
    """Return the poses of all three ways in which plans are written; None where one entry is none, which spoils the plan."""
    if len(plan) == NUM_POSE and all(finite(value) for value in plan):
        plan = [plan]
    found: list[Planned] = []
    for entry in plan[:MAX_ACTIONS]:
        pose = _unfolded(entry.get("action") if isinstance(entry, dict) else entry)
        numbers = [float(value) for value in pose if finite(value)] if isinstance(pose, list) else []
        if not isinstance(pose, list) or len(numbers) != NUM_POSE or len(pose) != NUM_POSE:
            return None
        found.append(Planned(name=pose_text(numbers)))
    return tuple(found)
