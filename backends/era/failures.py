"""Why an episode failed: what its log suggests. A conjecture: the published shares were counted by hand, and no rule replaces that.

The taxonomy is EmbodiedBench's: perception, reasoning, planning, each with its kinds. Every suggestion names the call that it rests
on. What only a miniature knows (the true objects) is used where its state is there.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backends.episode import Episode, State, Turn
from backends.era.formats.calls import mismatches
from backends.era.loops import called
from backends.era.replies import NUM_POSE

KINDS = {"perception": ("hallucination", "wrong recognition", "spatial understanding"),
         "reasoning": ("insufficient exploration", "wrong termination decision", "reflection error", "spatial reasoning"),
         "planning": ("missing step", "invalid action", "inaccurate action", "action id mismatch")}
LABEL = "conjecture"
NEAR_VOXELS = 3  # a target farther than this from every object, seen from above, meets none
_PICK, _FIND = re.compile(r"pick up the (\w+)", re.IGNORECASE), re.compile(r"find an? (\w+)", re.IGNORECASE)
_CLOSED = re.compile(r"\bclosed\b|\bopen(?:ed)? (?:it|the \w+) first", re.IGNORECASE)
_NOT_FOUND = re.compile(r"(?:cannot|can't|could not|unable to) find", re.IGNORECASE)
_FINISHED = re.compile(r"\b(?:task|goal) (?:is|has been|was) (?:now )?(?:done|finished|complete[d]?)|\bfinished\b", re.IGNORECASE)
_DESCRIBED = re.compile(r"\ban? (?:(\w+) )?(\w+) at \[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]", re.IGNORECASE)
_LISTED = re.compile(r"\[\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\]")


@dataclass(frozen=True)
class Suggestion:
    """A kind of failure, the call that suggests it first, and how many do."""

    stage: str
    kind: str
    turn: int
    why: str
    count: int = 1

    @property
    def name(self) -> str:
        """The stage with the kind."""
        return f"{self.stage}: {self.kind}"


def suggestions(episode: Episode) -> tuple[Suggestion, ...]:
    """Return what an episode's log suggests, in the order of its calls; nothing where the task was done."""
    if episode.success:
        return ()
    found: dict[tuple[str, str], Suggestion] = {}
    for one in sorted(_all(episode), key=lambda suggestion: suggestion.turn):
        key = one.stage, one.kind
        before = found.get(key)
        found[key] = Suggestion(*key, before.turn, before.why, before.count + 1) if before else one
    return tuple(found.values())


def _all(episode: Episode) -> Iterator[Suggestion]:
    for turn in episode.turns:
        yield from _of_turn(turn)
        yield from _of_sight(turn)
    yield from _missing_steps(episode.turns)
    yield from _repeated_failures(episode.turns)
    yield from _unexplored(episode.turns)
    yield from _termination(episode)


def _of_turn(turn: Turn) -> Iterator[Suggestion]:
    if turn.parse == "failed" and not turn.actions:
        yield Suggestion("planning", "invalid action", turn.index, "The reply could not be read.")
    for place in mismatches(turn):
        yield Suggestion("planning", "action id mismatch", turn.index,
                         f"Planned {turn.planned[place].name[:80]!r}, carried out {turn.actions[place].name[:80]!r}.")
    for action in turn.actions:
        if action.ok is False:
            yield Suggestion("planning", "invalid action", turn.index, f"{called(action)[:80]!r} failed.")
        if action.ok is False and action.name.lower().startswith("put") and _CLOSED.search(action.feedback):
            yield Suggestion("planning", "missing step", turn.index, "It was to be put into something closed.")


def _of_sight(turn: Turn) -> Iterator[Suggestion]:
    """Yield what the table top's description and targets suggest; which objects there really are, a miniature's state alone knows."""
    described = turn.sections.get("visual_description", "") or turn.sections.get("visual_state_description", "")
    true = _true_objects(turn.state)
    for colour, kind, *_ in _DESCRIBED.findall(described) if true else ():
        if kind.lower() not in {name for name, _ in true}:
            yield Suggestion("perception", "hallucination", turn.index,
                             f"{'An' if kind[0].lower() in 'aeiou' else 'A'} {kind[:40]} is described, and there is none.")
        elif colour and (kind.lower(), colour.lower()) not in true:
            yield Suggestion("perception", "wrong recognition", turn.index, f"No {kind[:40]} is {colour[:40]}.")
    places = np.array([place[:2] for place in _LISTED.findall(f"{turn.prompt}\n{described}")], float)
    for action in turn.actions:
        target = _target(action.name)
        if target is not None and len(places) and np.linalg.norm(places - target, axis=1).min() > NEAR_VOXELS:
            yield Suggestion("planning", "inaccurate action", turn.index,
                             f"{action.name} is more than {NEAR_VOXELS} voxels from every listed object.")


def _true_objects(state: State | None) -> set[tuple[str, str]]:
    """Return (kind, colour) of the objects that a miniature's state lists as [kind, colour, [x, y, z]]."""
    listed = state.get("objects") if state else None
    return {(str(one[0]).lower(), str(one[1]).lower()) for one in listed if isinstance(one, list) and len(one) >= 2} \
        if isinstance(listed, list) else set()


def _target(name: str) -> np.ndarray | None:
    """Return where a pose is, seen from above: (2,) voxels of x and y."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?", name) if name.startswith("[") else []
    return np.array(numbers[:2], float) if len(numbers) == NUM_POSE else None


def _missing_steps(turns: Sequence[Turn]) -> Iterator[Suggestion]:
    """Yield a pick that failed where nothing of that name was looked for."""
    sought: set[str] = set()
    for turn in turns:
        for action in turn.actions:
            if find := _FIND.match(action.name):
                sought.add(find[1].lower())
            pick = _PICK.match(action.name)
            if pick and action.ok is False and pick[1].lower() not in sought:
                yield Suggestion("planning", "missing step", turn.index, f"{pick[1][:40]} was to be picked up, and not found first.")


def _repeated_failures(turns: Sequence[Turn]) -> Iterator[Suggestion]:
    failed: set[str] = set()
    for turn in turns:
        for action in turn.actions:
            if action.ok is False and called(action) in failed:
                why = f"{called(action)[:80]!r} failed before, and came again."
                yield Suggestion("reasoning", "reflection error", turn.index, why)
            if action.ok is False:
                failed.add(called(action))


def _unexplored(turns: Sequence[Turn]) -> Iterator[Suggestion]:
    tried = {name for turn in turns for action in turn.actions if (name := action.name.lower()).startswith("find")}
    for turn in turns:
        for action in turn.actions:
            if _NOT_FOUND.search(action.feedback) and (find := _FIND.match(action.name)):
                base = find[1].lower().partition("_")[0]
                others = {name for name in tried if f" {base}" in name} - {action.name.lower()}
                if not others:
                    yield Suggestion("reasoning", "insufficient exploration", turn.index,
                                     f"No other {base} was tried after one could not be found.")


def _termination(episode: Episode) -> Iterator[Suggestion]:
    last = episode.turns[-1] if episode.turns else None
    is_short = episode.progress is None or episode.progress < 1
    if last is not None and is_short and (last.parse == "empty" or _FINISHED.search(last.thought)):
        yield Suggestion("reasoning", "wrong termination decision", last.index, "It stopped before the task was done.")
