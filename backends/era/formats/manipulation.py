"""EB-Manipulation: one result file per episode, and the agent's raw replies one after another, from which the actions come.

What was done at a step is not stored. The replies' plans are gone through in order, each taking as many steps as it names, until the
result's number of steps is reached; a failed motion does not end a plan. A reply that cannot be read took one step, at random. An
empty plan at the end adds an entry to the result's lists without a step. The frames that were drawn into for the agent stand where
plans begin, which tells whether all this fits.
"""

from collections.abc import Sequence

from backends.episode import MAX_ACTIONS, MAX_TURNS, Action, Cut, Episode, Parse, Planned, Turn
from backends.era.formats.household import ended
from backends.era.formats.listing import Entry
from backends.era.formats.names import sought
from backends.era.formats.seen import Frames
from backends.era.formats.sidecar import read_sidecar, with_sidecar
from backends.era.replies import Reply, read_reply
from backends.era.splitting import MAX_REPLIES, replies_in
from backends.files.archive import Files
from backends.files.logs import Notes, flag, number, object_of, reported, said, text_of, whole
from backends.files.rows import Row

BUDGET = 15  # steps of an episode
MAX_PLANNER_MB = 4
RANDOM = "random action"


class _Steps:
    """What the result says of each step, taken one by one."""

    def __init__(self, result: Row, frames: Frames, num_steps: int) -> None:
        self._rewards, self._ok = _list(result.get("reward")), _list(result.get("action_success"))
        self._is_done = flag(result.get("task_success"))
        self.frames, self.total = frames, num_steps
        self.taken = 0

    @property
    def left(self) -> int:
        return self.total - self.taken

    def take(self, planned: Planned) -> Action:
        place = self.taken
        self.taken += 1
        reward = number(self._rewards[place]) if place < len(self._rewards) else None
        return Action(
            id=planned.id, name=planned.name, ok=flag(self._ok[place]) if place < len(self._ok) else None, step=self.taken,
            success=self._is_done if self.taken == self.total else None,
            rewards={} if reward is None else {"environment": reward}, frame=self.frames.after(self.taken))


def read_manipulation(files: Files, entry: Entry) -> Episode:
    """Return one episode of EB-Manipulation or of ERA's fork of it."""
    notes, parts, head = Notes(), entry.parts, entry.head
    result = object_of(files, parts.result, notes)
    if not parts.planner:
        notes.add("The agent's replies (planner_output) are missing: which actions were taken is not known. They were looked for as "
                  f"{sought(head.root, parts.result or ''.join(parts.frames[:1]), 'results/planner_output_episode_{}.txt')}.")
    sidecar = read_sidecar(files, parts.sidecar, notes)
    texts = replies_in(text_of(files, parts.planner, notes, limit_mb=MAX_PLANNER_MB))
    if len(texts) >= MAX_REPLIES:
        notes.add(f"There are more than {MAX_REPLIES:,} replies: those after it are one text.")
    told = sidecar.calls()
    if told and sum(call.num_steps for call in told) == whole(result.get("num_steps")):
        texts = [call.reply for call in told]
    else:
        told = ()
    replies = [read_reply(text, is_pose=True) for text in texts]
    num_steps = num_steps_of(result, notes)
    if num_steps is None and parts.result:
        notes.add("The result does not say how many steps were taken: all planned ones are shown.")
    if num_steps is None:
        num_steps = sum(cost(reply) for reply in replies)
    frames = Frames(parts.frames, num_steps=num_steps if parts.result else None, notes=notes)
    steps = _Steps(result, frames, min(num_steps, MAX_TURNS))
    costs = [call.num_steps for call in told] or [cost(reply) for reply in replies]
    turns = _turns(texts, replies, costs, steps, bool(flag(result.get("task_success"))), notes)
    turns = with_sidecar(turns, sidecar, notes)
    _compare(turns, replies, result, frames, notes)
    success = flag(result.get("task_success"))
    return Episode(
        world=sidecar.world or head.environment or "eb_manipulation", task=sidecar.task, seed=sidecar.seed, number=entry.number,
        instruction=said(result.get("instruction"), 5_000), group=head.subset, agent=sidecar.agent or head.model or head.experiment,
        source="uploaded", layout=head.layout, turns=turns, success=success,
        progress=_progress(turns, sidecar.progress),
        ended=ended(turns, success, BUDGET) if sidecar.ended is None else sidecar.ended, reported=reported(result), notes=notes.all())


def num_steps_of(result: Row, notes: Notes) -> int | None:
    """Return how many steps were taken; the lists are one longer where the last plan was empty."""
    told, listed = whole(result.get("num_steps")), len(_list(result.get("reward")))
    if told is None:
        return listed or None
    if listed and listed not in (told, told + 1):
        notes.add(f"The result counts {told} steps, and lists the rewards of {listed}.")
    return told


def cost(reply: Reply) -> int:
    """Return how many steps a reply takes if nothing ends the episode: an unreadable one takes a random step."""
    return 0 if reply.parse == "empty" else 1 if reply.parse == "failed" or not reply.planned else len(reply.planned)


def _turns(texts: Sequence[str], replies: Sequence[Reply], costs: Sequence[int], steps: _Steps, is_done: bool,
           notes: Notes) -> tuple[Turn, ...]:
    found: list[Turn] = []
    for text, reply, due in list(zip(texts, replies, costs))[:MAX_TURNS - 1]:
        before = steps.taken
        wanted = reply.planned or (Planned(name=RANDOM),) * due
        actions = tuple(steps.take(planned) for planned in wanted[:min(due, steps.left, MAX_ACTIONS)])
        if due and not actions:
            notes.add(f"Reply {len(found) + 1} came when all steps were taken; none of it was carried out.")
        found.append(_turn(text, reply, actions, len(found), before, steps, is_done))
    if steps.left:
        notes.add(f"{steps.left} of {steps.total} steps are of no reply that was stored: what was done there is not known.")
        unknown = tuple(steps.take(Planned()) for _ in range(min(steps.left, MAX_ACTIONS)))
        found.append(Turn(index=len(found), actions=unknown))
    return tuple(found)


def _turn(text: str, reply: Reply, actions: tuple[Action, ...], index: int, before: int, steps: _Steps, is_done: bool) -> Turn:
    cut: Cut = ""
    if len(actions) < len(reply.planned):
        cut = "success" if is_done else "budget" if steps.total >= BUDGET else "unknown"
    parse: Parse = "failed" if reply.parse == "unknown" else reply.parse
    return Turn(index=index, frame=steps.frames.before(before), reply=said(text), thought=reply.thought, sections=reply.sections,
                answer=reply.answer, planned=reply.planned, actions=actions, cut=cut, parse=parse, mended=reply.mended)


def _compare(turns: Sequence[Turn], replies: Sequence[Reply], result: Row, frames: Frames, notes: Notes) -> None:
    due = whole(result.get("planner_steps"))
    if replies and due is not None and due != len(replies):
        notes.add(f"The log counts {due} planner call{'s' if due != 1 else ''}; {len(replies)} replies are stored.")
    if number(result.get("planner_output_error")) == -1:
        notes.add("The log counts an empty plan as -1 output errors.")
    if random := sum(action.name == RANDOM for turn in turns for action in turn.actions):
        notes.add(f"{random} step{'s' if random > 1 else ''} at random, as the benchmark takes where a reply cannot be read.")
    begins, step = [], 0
    for turn in turns:
        begins.append(step)
        step += sum(action.step is not None for action in turn.actions)
    if replies and frames.given_steps and not set(frames.given_steps) <= {*begins, step}:
        notes.add("The frames with boxes do not stand where the plans begin: which step is of which plan is uncertain.")


def _progress(turns: Sequence[Turn], told: float | None) -> float | None:
    """Return the progress that a sidecar gives, with its last action or of the whole; the layout has none."""
    actions = [action for turn in turns for action in turn.actions]
    return next((action.progress for action in reversed(actions) if action.progress is not None), told)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
