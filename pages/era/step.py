"""ERA's first view: one step of an episode, what was seen, thought and done in it, and a slider through all of them."""

import streamlit as st

from backends.episode import Action, Cut, Episode, Turn
from backends.era.context import POLICIES, POLICY_NAMES, history
from backends.era.environments import Marks, of_world
from backends.era.loops import streak
from backends.era.results import EraResult
from backends.era.shaping import TABLE_TOPS
from backends.files.rows import counted as number_of
from models.marks import PARTS
from pages.era import frames, player
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.era import scenes
from visualizers.era.curves import terms_of
from visualizers.era.timeline import ROW, cells, clickable, timeline
from visualizers.era.verbs import disturbance

VIEWS = ("step", "frame", "marks", "memory")  # in the address
SIDES = {"before": "Before the step", "after": "After it"}
TITLES = dict(zip(PARTS, ("It says it sees", "It remembers and concludes", "It plans")))
ACTORS = {"model": "the agent", "expert": "the scripted expert", "person": "a person, by hand",
          "perturbation": "a disturbance"}
GOES_ON = ":gray-badge[it goes on: your turn]"
ENDINGS = {True: ":green-badge[done]", False: ":red-badge[not done]", None: ":gray-badge[the log does not say how it ended]"}
ASIDE = {"state_description": TITLES[PARTS[0]], "visual_state_description": TITLES[PARTS[0]]}  # other prompts' names of a part
CUTS: dict[Cut, str] = {"failure": "an action that failed", "success": "the end of the task", "budget": "the limit of actions",
                        "unknown action": "an action that there is not", "unknown": "an end that is not known"}
MOST_LETTERS = 1_200  # of one part of a thought
NO_TERMS = 0.005
STILL = "era.timeline.still"  # in the session's state: the time line while the episode plays


def first_view(result: EraResult) -> None:
    """The step that is looked at, and how to get to the others."""
    player.rest_on_a_new_page()
    _steps(result)


@st.fragment
def _steps(result: EraResult) -> None:
    """Only this part is drawn anew when the slider is moved, or while the episode plays."""
    episode = result.episode
    if episode is None:
        return
    shown = cells(episode)
    st.subheader(f"{plain(episode.instruction or result.title)} {GOES_ON if result.goes_on else ENDINGS[episode.success]}")
    if not shown:
        none = "No step was done yet." if result.goes_on else "No step of this episode is in the log."
        for told in episode.notes or (none,):  # a log that could not be read says why
            st.info(plain(told), icon=":material/info:")
        _begins(result)
        return
    count = len(shown)
    step = st.session_state[address.view("era", "step", range(1, count + 1), opens_at(result), of=episode)]
    first_side = "before" if result.settings.goes_on else "after"  # by hand, what comes next depends on what is there now
    side = st.session_state[address.view("era", "frame", list(SIDES), first_side, of=episode)]
    turn, action = shown[step - 1]
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(key="era.picture"):
        _picture(result, episode, turn, action, step, side)
    with right:
        player.transport(episode, shown)
        with st.container(key="era.said"):
            _said(episode, turn, action, step, count)
    _time_line(episode, step, count)
    _given(episode, turn)
    st.caption(plain(notice(episode)))
    words.explain("era", "turn", "reflection", "feedback", *(("pose", "target") if episode.world in TABLE_TOPS else ("subgoal",)))
    player.clock(episode, count)
    if not player.is_playing(episode):
        address.write_view("era", "step")


def _begins(result: EraResult) -> None:
    """What is seen before anything was done."""
    episode = result.episode
    if episode is None or result.settings.task != "play":
        return
    environment = of_world(episode.world)
    picture = frames.first_of(result, _marks(environment.marks, episode)) if environment else None
    if picture is not None and environment is not None:
        left, _ = st.columns([2, 3], gap="medium")
        with left:
            view.picture(picture, "era.frame", alt=f"The {environment.place} before the first step", is_first=True,
                         caption="Before the first step")
            _switch(environment.marks)


def _marks(ways: tuple[Marks, ...], episode: Episode) -> Marks:
    """What is drawn over the picture: as the switch stands, where there is one."""
    if len(ways) < 2:
        return "plain"
    chosen: Marks = st.session_state[address.view("era", "marks", ways, ways[0], of=episode)]
    return chosen


def _switch(ways: tuple[Marks, ...]) -> None:
    """What is drawn over the picture, where there is a choice."""
    if len(ways) > 1:
        st.segmented_control("Drawn over it", ways, key="era.marks", format_func=frames.MARKS.__getitem__, required=True,
                             label_visibility="collapsed",
                             help="Frames numbered as in the list of objects, the axes of the gripper's numbers alone, or neither.")


def opens_at(result: EraResult) -> int:
    """The step that is looked at first: the newest by hand, what went wrong by itself, or what followed the first subgoal."""
    shown = cells(result.episode) if result.episode else []
    if not result.settings.goes_on:
        return max(1, len(shown))
    for number, (turn, _) in enumerate(shown, 1):
        if turn.by == "perturbation":
            return number
    risen = next((number for number, (_, action) in enumerate(shown, 1) if action and action.progress and action.state), 0)
    return min(risen + 1, max(1, len(shown)))


def notice(episode: Episode) -> str:
    """What there is to see in this episode, from its own numbers; that it repeats itself, wherever it does."""
    again = streak(episode.turns)
    told = _stands_out(episode)
    if again:
        told = f"{told} It repeats itself: {again.said}" if told else f"it repeats itself: {again.said}"
    return f"To notice: {told or 'how the plan is made anew at every call, from the picture and from what was remembered.'}"


def _stands_out(episode: Episode) -> str:
    """The first that there is to say of what went wrong or well; empty where there is nothing."""
    wrong = [action.feedback for turn in episode.turns if turn.by == "perturbation" for action in turn.actions]
    if wrong:
        return f"{wrong[0]} Compare the plans before and after it."
    if episode.num_invalid:
        return f"{episode.num_invalid} of {len(cells(episode))} steps failed or could not be read; their cells have a red edge."
    rises = [turn.index + 1 for turn in episode.turns if terms_of(turn).get("subgoal", 0) > 0]
    if rises:
        if episode.world in TABLE_TOPS:
            return (f"the gripper came near a thing of the task at call {' and '.join(map(str, rises))}, which is paid "
                    "once for each. The numbers of an action are read off the list of objects in the prompt.")
        return (f"a condition of the task was met at call {' and '.join(map(str, rises))}. What is done already, the "
                "reflection says and no picture shows.")
    return ""


def _time_line(episode: Episode, step: int, count: int) -> None:
    """What it did, the step marked in it; not while it plays: to draw it anew takes longer than all the rest of a tick."""
    plays, before = player.is_playing(episode), st.session_state.pop(STILL, None)
    line = before if plays and before is not None else clickable(timeline(episode, None if plays else step - 1), count)
    if plays:
        st.session_state[STILL] = line
    view.picking_chart(line, key="era.timeline", on_select=_pick, selection_mode="points", is_first=True, is_same=line is before)


def _pick() -> None:
    """The cell of the time line that was clicked."""
    points = st.session_state["era.timeline"].selection.points
    if points:
        player.to(int(points[0]["y"]) * ROW + int(points[0]["x"]) + 1)


def _picture(result: EraResult, episode: Episode, turn: Turn, action: Action | None, step: int, side: str) -> None:
    ways = frames.ways(result, turn, action, is_before=side == "before")
    picture, why = frames.picture_of(result, turn, action, is_before=side == "before", marks=_marks(ways, episode))
    if picture is None:
        st.info(plain(why), icon=":material/image_not_supported:")
    else:
        view.picture(picture, "era.frame", alt=f"What is seen {side} step {step}", is_first=True,
                     caption=f"{SIDES[side]}: {_shown(result)}" if side == "before" else SIDES[side])
    with st.container(horizontal=True, gap="small"):
        st.segmented_control("Picture", list(SIDES), key="era.frame", format_func=SIDES.__getitem__, required=True,
                             label_visibility="collapsed", help="The picture before the step, or after it.")
        _switch(ways)


def _shown(result: EraResult) -> str:
    """What the picture is to who acts: a language model has no eyes."""
    is_told = result.settings.task == "play" and result.settings.agent == "model"
    return "what the agent is shown, or told in words" if is_told else "what the agent is shown"


def _said(episode: Episode, turn: Turn, action: Action | None, step: int, count: int) -> None:
    """What was thought and done."""
    call = "" if turn.by == "perturbation" else f", call {turn.index + 1}"
    st.markdown(f"**Step {step} of {count}**{call}: {ACTORS[turn.by]}")
    _done(episode, turn, action)
    for name, text in parts_of(turn):
        st.markdown(f"**{plain(name)}**  \n{plain(_cut(text))}")
    if len(turn.planned) > 1:
        _plan(turn, action)
    if turn.parse in ("repaired", "failed", "empty"):
        told = {"repaired": "The reply had to be mended", "failed": "The reply names no action that there is" if turn.planned else
                "The reply could not be read",
                "empty": "The plan is empty"}[turn.parse]
        st.warning(plain(f"{told}{': ' + ', '.join(turn.mended) if turn.mended else ''}."), icon=":material/build:")
    if turn.cut:
        st.caption(f"The plan was cut short by {CUTS[turn.cut]}.")


def parts_of(turn: Turn) -> list[tuple[str, str]]:
    """The parts of a thought with their titles; a thought or reply in one piece where it has none."""
    if turn.sections:
        return [(TITLES.get(name) or ASIDE.get(name) or name.replace("_", " "), text) for name, text in turn.sections.items() if text]
    whole = turn.thought or (turn.reply if turn.parse in ("failed", "unknown") else "")
    return [("It says", whole)] if whole else []


def _done(episode: Episode, turn: Turn, action: Action | None) -> None:
    if action is not None and turn.by == "perturbation":
        st.markdown(f"**Done to the world, not by the agent:** {plain(action.feedback or disturbance(turn, action))}")
        st.caption(plain(f"Whoever set this episode up let it go wrong here, with {action.name!r} among its turns. The agent is not "
                         "told."))
    elif action is None:
        why = "" if turn.parse == "empty" else f", for the reply named {'no action that there is' if turn.planned else 'no action'}"
        st.markdown(f"**Nothing was done**{why}.")
    else:
        badge = {True: ":green-badge[worked]", False: ":red-badge[failed]", None: ""}[action.ok]
        means = scenes.told(scenes.before(turn, action), action, episode.world)
        st.markdown(f"**It does:** {plain(action.name or f'action {action.id}')} {badge}  \n{plain(f'{means} ' if means else '')}"
                    f"{plain(action.feedback) or 'No feedback is logged.'}")
    paid = (action.rewards if action else {}) or turn.rewards
    if paid:
        terms = {name: value for name, value in paid.items() if abs(value) > NO_TERMS}
        of = ", ".join(f"{plain(name)} {value:+.1f}" for name, value in terms.items())
        met = "" if action is None or action.progress is None else f" · {action.progress:.0%} of the task is met"
        st.markdown(f"**Reward:** {sum(paid.values()):+.1f}{f' ({of})' if of else ''}{met}")
    if turn.value is not None or turn.advantage is not None:
        st.caption(f"Value {_number(turn.value)}, advantage {_number(turn.advantage)} of this call.")


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:+.3f}"


def _plan(turn: Turn, action: Action | None) -> None:
    """The executable plan: what was done of it, what is done in this step, what was not."""
    here = scenes.place_of(turn, action)
    rows = []
    for number, entry in enumerate(turn.planned):
        name = plain(entry.name or f"action {entry.id}")
        rows.append(f"{number + 1}\\. **{name}** :blue-badge[this step]" if number == here
                    else f"{number + 1}\\. {name}" if number < len(turn.actions)
                    else f"{number + 1}\\. :gray[{name}, not carried out]")
    st.markdown("**The plan to be carried out**  \n" + "  \n".join(rows))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]} … (the whole is under “What it was given and wrote”)"


def _given(episode: Episode, turn: Turn) -> None:
    """What the agent is given of the turns before, under each policy; the prompt and the reply as they were."""
    with st.expander("What it was given and wrote at this step", icon=":material/history:", key="era.given"):
        policy = st.selectbox("What would it be given of the turns before?", POLICIES, format_func=POLICY_NAMES.__getitem__,
                              key=address.view("era", "memory", POLICIES, "summary", of=episode),
                              help="Rebuilt from the episode for each policy. Nothing is run.")
        before = [one for one in episode.turns[:turn.index] if one.by != "perturbation"]
        told = history(before, policy)
        st.caption(f"{len(told.split()):,} words of history, rebuilt:")
        st.code(told, language=None, wrap_lines=True, height=160)
        for title, text in (("The whole prompt, as it was logged", turn.prompt), ("The reply, as it was written", turn.reply)):
            if text:
                st.caption(title)
                st.code(text, language=None, wrap_lines=True, height=160)


def live(episode: Episode) -> None:
    """The newest picture and what was done so far."""
    environment = of_world(episode.world)
    picture = scenes.drawn(scenes.last(episode), episode.world, marks=environment.marks[0]) if environment else None
    left, right = st.columns([2, 3])
    if picture is not None:
        left.image(view.jpeg(picture), width="stretch", alt="The world as it is now",
                   caption=f"After {number_of(len(cells(episode)), 'step')}")
    with right:
        st.markdown(f"**{plain(episode.instruction)}**")
        if episode.turns:
            turn = episode.turns[-1]
            _said(episode, turn, turn.actions[-1] if turn.actions else None, len(cells(episode)), len(cells(episode)))

