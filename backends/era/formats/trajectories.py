"""EmbodiedBench's trajectory data sets: a JSON list of episodes, each with its first prompt, and a turn per reply.

Keys beyond `input`, `success`, `trajectory[].{visual_description, reasoning_and_reflection, language_plan, input_image_path,
executable_plan[].{action, env_feedback}}` occur in some files only.
"""

from collections.abc import Sequence

from backends.episode import MAX_ACTIONS, MAX_TURNS, Action, Episode, Planned, Turn
from backends.era.formats.listing import UNKNOWN, Entry, Head, Parts
from backends.era.formats.names import subset_of
from backends.era.formats.sets import Pictures, pictures_beside
from backends.era.replies import NUM_POSE, pose_text
from backends.files.archive import Files
from backends.files.cells import finite, unfolded
from backends.files.logs import Notes, flag, rate, said, short, whole
from backends.files.objects import items_in, set_text
from backends.files.rows import Row
from models.marks import PARTS
from worlds.errors import InputError

_ENVIRONMENTS = (("alfred", "eb_alfred"), ("habitat", "eb_habitat"), ("man", "eb_manipulation"), ("nav", "eb_navigation"))


def is_trajectory(row: Row) -> bool:
    return isinstance(row.get("trajectory"), list)


def entry_of(row: Row, span: tuple[int, int], name: str, place: int) -> Entry:
    """Return the light entry of one object of the list."""
    turns = [turn for turn in _list(row["trajectory"]) if isinstance(turn, dict)]
    steps = [step for turn in turns for step in _list(turn.get("executable_plan"))]
    flags = [flag(step.get("last_action_success")) for step in steps if isinstance(step, dict) and "last_action_success" in step]
    plain = name.lower().replace("-", "_")
    environment = next((own for part, own in _ENVIRONMENTS if f"eb_{part}" in plain), "")
    subset = subset_of(said(row.get("eval_set"), 80))
    model = said(row.get("model_name"), 200).rpartition("/")[2]
    head = Head("trajectories", name.rpartition("/")[0], environment, model, "", subset)
    number = whole(row.get("episode_id"))
    return Entry(head, place if number is None else number, Parts(result=name, span=span), said(row.get("instruction"), 5_000),
                 flag(row.get("success")), rate(row.get("task_progress")), len(steps), len(turns),
                 sum(ok is False for ok in flags) if flags else None,
                 task=said(row.get("eval_set"), 80) if subset == UNKNOWN else "")


def read_trajectory(files: Files, entry: Entry) -> Episode:
    """Return one episode of a trajectory data set."""
    notes = Notes()
    text = set_text(files, entry.parts.result, notes, entry.parts.span)
    row = next((row for row, _ in items_in(text, short(entry.parts.result), notes)), {})
    told = [turn for turn in _list(row.get("trajectory")) if isinstance(turn, dict)]
    if len(told) > MAX_TURNS:
        notes.add(f"The trajectory has {len(told):,} turns. The first {MAX_TURNS:,} are shown.")
    pictures, turns, step = pictures_beside(files, entry.parts.result), [], 0
    success = flag(row.get("success"))
    for index, one in enumerate(told[:MAX_TURNS]):
        turns.append(_turn(one, index, step, pictures, said(row.get("input")) if index == 0 else "",
                           done=bool(success) and index == len(told) - 1))
        step += len(turns[-1].actions)
    if any(turn.prompt for turn in turns[:1]):
        notes.add("The data set keeps the first prompt only.")
    lost = sum(not turn.frame for turn in turns)
    if turns and lost:
        notes.add(f"{lost} of {len(turns)} pictures of the turns are not in the archive.")
    return Episode(
        world=entry.head.environment, task=entry.task, number=entry.number, instruction=entry.instruction, group=entry.head.subset,
        agent=entry.head.model, source="uploaded", layout=entry.head.layout, turns=tuple(turns), success=success,
        progress=entry.progress, ended="task done" if success else "", notes=notes.all())


def _turn(row: Row, index: int, step: int, pictures: Pictures, prompt: str, *, done: bool) -> Turn:
    sections = {key: text for key in PARTS if (text := said(row.get(key)))}
    plan = _list(row.get("executable_plan"))[:MAX_ACTIONS]
    actions = tuple(_action(one, step + place + 1, pictures) for place, one in enumerate(plan) if isinstance(one, dict))
    if actions and done:
        actions = (*actions[:-1], actions[-1].model_copy(update={"success": True}))
    thought = "\n".join(f"{key}: {text}" for key, text in sections.items())
    planned = tuple(Planned(id=action.id, name=action.name) for action in actions)
    return Turn(index=index, frame=pictures.named(row.get("input_image_path")), prompt=prompt, thought=said(thought),
                sections=sections, planned=planned, actions=actions,
                parse="ok" if actions else "empty" if isinstance(row.get("executable_plan"), list) else "unknown")


def _action(row: Row, step: int, pictures: Pictures) -> Action:
    planned = planned_of(row.get("action"))
    return Action(id=planned.id, name=planned.name, ok=flag(row.get("last_action_success")),
                  feedback=said(row.get("env_feedback"), 5_000), step=step, frame=pictures.named(row.get("img_path")))


def planned_of(action: object) -> Planned:
    """Return an action that is written as [id, name], as a pose of seven numbers, or as a text of either."""
    try:
        action = unfolded(action)
    except InputError:
        return Planned()
    if isinstance(action, list) and len(action) == NUM_POSE and all(finite(value) for value in action):
        return Planned(name=pose_text([value for value in action if finite(value)]))
    if isinstance(action, Sequence) and not isinstance(action, str) and len(action) == 2:
        return Planned(id=said(action[0], 200), name=said(action[1], 500))
    return Planned(name=said(action, 500))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
