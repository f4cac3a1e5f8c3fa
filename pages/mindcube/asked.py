"""One question: its views, the answers of every way of answering, the room in 3-D, the maps, and the chain step by step."""

from collections.abc import Callable

import streamlit as st

from backends.mindcube.items import LETTERS
from backends.mindcube.results import Asked, MindCubeResult, Replied, Step
from backends.mindcube.settings import MapEdit, MindCubeSettings
from backends.mindcube.system import SYSTEM
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.mindcube import maps, room
from visualizers.mindcube.methods import way_name
from visualizers.mindcube.things import shown_map
from visualizers.mindcube.tiles import tiles

VIEWS = ("step", "reply", "turned", "word")  # in the address
NONE = 0  # the step before the first: nothing is lit up
KINDS = {"observe": "What each image shows", "relate": "How the images belong together", "stand": "Where one stands",
         "turn": "The turn", "infer": "What follows", "answer": "The answer"}
EDITS: dict[MapEdit, str] = {
    "none": "as it is", "swap left and right": "left and right swapped", "swap front and back": "front and back swapped",
    "rotate by a quarter": "turned by a quarter", "rotate by a half": "turned by a half", "lose a thing": "a thing lost",
    "lose the facings": "facings lost"}
MOST_LETTERS = 1_500  # of a reply
Choose = Callable[[MindCubeSettings], None]


def first_view(result: MindCubeResult, choose: Choose) -> None:
    """The question with all answers, and what each is made of."""
    if result.asked is not None:
        before = before_the_change(result)
        _seen(result, result.asked, before)
        _change_the_map(result, before, choose)


def before_the_change(result: MindCubeResult) -> Asked | None:
    """The same question with the map as it was, where its map was changed and that run is held."""
    if result.settings.edit == "none":
        return None
    found, _ = address.held(SYSTEM, result.settings.model_copy(update={"edit": "none", "map": ""}))
    return found.asked if isinstance(found, MindCubeResult) else None


def from_a_file(result: MindCubeResult) -> None:
    """A row of a file, whole."""
    if result.asked is not None:
        st.subheader(plain(result.asked.id or "The chosen row"))
        _seen(result, result.asked)
        replied(result.asked)


@st.fragment
def _seen(result: MindCubeResult, asked: Asked, before: Asked | None = None) -> None:
    """Only this part is drawn anew when a step is made, or another map is looked at."""
    _question(asked)
    step = _step_now(asked)
    reply = _reply_now(result, asked)
    seen, rest = st.columns([6, 14])
    with seen:
        _views(asked, step)
    with rest:
        _answers(asked, before)
        middle, last = st.columns(2)
    with middle:
        drawn = room.room(asked, step)
        if drawn is not None:
            view.chart_below(drawn, key="mindcube.room.drawn")
        elif (true := maps.true_map(asked, step)) is not None:
            view.chart_below(true, key="mindcube.true")
        else:
            st.caption("Its true map is not in the file, and there is no room to draw.")
    with last:
        _map(asked, reply, step)
    _chain(asked, step, has_room=drawn is not None)
    address.write_view("mindcube", "asked")


def _question(asked: Asked) -> None:
    """What is asked, and which option is correct."""
    with st.container(gap=None):
        st.markdown(f"**{plain(parted(asked.question)[1])}**")
        with st.container(horizontal=True, gap="small"):
            for letter, option in zip(LETTERS, asked.options):
                st.markdown(_option(f"{letter}. {option}", is_right=letter == asked.right), width="content")


def parted(question: str) -> tuple[str, str]:
    """The sentence that says what the images are, which a room's questions share, and what is asked; "" where none is."""
    for end in (". ", ": "):
        first, found, rest = question.partition(end)
        if found and rest.endswith("?") and "image" in first.lower() and not first.startswith("I took"):
            return first + ".", rest[0].upper() + rest[1:]
    return "", question


def _option(words: str, *, is_right: bool) -> str:
    return f":green-badge[{plain(words)} :material/check:]" if is_right else plain(words)


def _answers(asked: Asked, before: Asked | None = None) -> None:
    """What each way answers, in a line that ends between two ways only; beside it what it answered with the map as it was."""
    was = {reply.configuration: reply for reply in before.replies} if before else {}
    with st.container(horizontal=True, gap="small"):
        for reply in asked.replies:
            told = f"{plain(way_name(reply.configuration, is_capital=True))} {badge(reply)}"
            if (old := was.get(reply.configuration)) is not None:
                told += " :gray[as before]" if old.letter == reply.letter else f" :gray[before:] {badge(old)}"
            st.markdown(told, width="content")


def badge(reply: Replied) -> str:
    """The letter of an answer as a chip: green where correct, red where wrong; grey where there is none."""
    if not reply.letter:
        return ":gray-badge[no answer]"
    colour, mark = ("green", ":material/check: correct") if reply.is_right else ("red", ":material/close: wrong")
    return f":{colour}-badge[{plain(reply.letter)} {mark}]"


def _step_now(asked: Asked) -> Step | None:
    if not asked.steps:
        return None
    at = int(st.session_state[address.view("mindcube", "step", range(len(asked.steps) + 1), NONE, of=asked)])
    return asked.steps[at - 1] if at else None


def with_maps(asked: Asked) -> list[str]:
    """The ways of answering that wrote a map, or were given one."""
    return [reply.configuration for reply in asked.replies if shown_map(reply) is not None]


def _reply_now(result: MindCubeResult, asked: Asked) -> Replied | None:
    names = with_maps(asked)
    if not names:
        return None
    chosen = st.session_state[address.view("mindcube", "reply", names, names[-1], of=result)]
    return next(reply for reply in asked.replies if reply.configuration == chosen)


def _views(asked: Asked, step: Step | None) -> None:
    picture = tiles(asked, step.images if step else ())
    if picture is None:
        st.info("The images of this question were not brought.", icon=":material/image_not_supported:")
        return
    count = len(asked.images) or len(asked.pictures)
    told = "Framed is what this step speaks of." if step and step.images else parted(asked.question)[0]
    view.picture(picture, "mindcube.views", alt=f"The {count} images of the question", is_first=True,
                 caption=f"What the model sees. {plain(told)}")


def _map(asked: Asked, reply: Replied | None, step: Step | None) -> None:
    """One way's map, with rings where things truly are."""
    names = with_maps(asked)
    figure = maps.written_map(asked, reply, step) if reply is not None else None
    if figure is not None:
        view.chart(figure, key="mindcube.map", is_first=True)
        if len(names) > 1:
            st.segmented_control("Map of", names, key="mindcube.reply", format_func=way_name, required=True, wrap=True,
                                 label_visibility="collapsed", help="Whose map is drawn.")
        return
    true = maps.true_map(asked, step)
    if true is not None:
        view.chart(true, key="mindcube.map", is_first=True)
    note = next((one.map_note for one in asked.replies if one.map_note), "")
    st.caption(plain(note) if note else "None of these ways of answering writes a map.")


def _chain(asked: Asked, step: Step | None, *, has_room: bool) -> None:
    """A stepper through the chain: what it says lights up above."""
    if not asked.steps:
        return
    key, count = "mindcube.step", len(asked.steps)
    at = int(st.session_state[key])
    left, right_side = st.columns([2, 3], gap="medium", vertical_alignment="center")
    with left, st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        st.button("", key="mindcube.step.back", icon=":material/chevron_left:", on_click=_to, args=(at - 1, count), disabled=at == 0,
                  help="The step before.")
        st.button("", key="mindcube.step.on", icon=":material/chevron_right:", on_click=_to, args=(at + 1, count),
                  disabled=at == count, help="The next step.")
        st.select_slider("Step through the chain to the answer", range(count + 1), key=key,
                         format_func=lambda number: f"{number} of {count}" if number else "all",
                         help="The chain that leads to the correct answer. What a step speaks of lights up above; with the slider in "
                         "focus, the arrow keys move it.")
    with right_side:
        if step is None:
            st.caption("Step by step to the correct answer: what a step names lights up in the images, in the room and on the map.")
        else:
            st.markdown(f"**{KINDS[step.kind]}.** {plain(step.text)}")


def _to(at: int, count: int) -> None:
    st.session_state["mindcube.step"] = max(0, min(count, at))


def _change_the_map(result: MindCubeResult, before: Asked | None, choose: Choose) -> None:
    """One click each: the same question with a changed map."""
    asked, now = result.asked, result.settings.edit
    if asked is None or not with_maps(asked):
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="mindcube.edits"):
        st.markdown("**What if its map were …**", width="content")
        for edit, said in able(asked).items():
            st.button(said, key=f"mindcube.edit.{edit}", on_click=choose, disabled=edit == now,
                      args=(result.settings.model_copy(update={"edit": edit, "map": ""}),), type="tertiary",
                      icon=":material/check:" if edit == now else None, help="Asks again, with the map changed like that.")
    st.caption(f"To notice: {plain(notice(asked, now, before))}")
    words.explain("mindcube", "cognitive map", "isomorphic", "facing", "chain of thought")


def able(asked: Asked) -> dict[MapEdit, str]:
    """The changes that say something of this map: a row that is turned by a quarter is none, and facings that are not there stay."""
    left_out: set[MapEdit] = {"rotate by a quarter"} if asked.family == "around" else set()
    if asked.true is None or not any(spot.facing for spot in asked.true.objects):
        left_out |= {"lose the facings"}
    return {edit: said for edit, said in EDITS.items() if edit not in left_out}


def notice(asked: Asked, edit: str, before: Asked | None = None) -> str:
    """What there is to see, from this run's own replies.

    Args:
        before: the question with its map as it was, where the map was changed and that is known.
    """
    correct = [way_name(reply.configuration) for reply in asked.replies if reply.is_right]
    drawn = [reply for reply in asked.replies if reply.map is not None and reply.exact is not None]
    good = [way_name(reply.configuration) for reply in drawn if reply.exact and reply.exact.is_isomorphic]
    told = f"{len(correct)} of {len(asked.replies)} ways are correct{': ' if correct else ''}{'; '.join(correct)}."
    if before is not None:
        was = {reply.configuration: reply.letter for reply in before.replies}
        moved = [way_name(reply.configuration) for reply in asked.replies
                 if was.get(reply.configuration, reply.letter) != reply.letter]
        found = f"another answer comes from: {'; '.join(moved)}" if moved else "no answer moved"
        return f"{told} The map was changed, and {found}."
    if edit != "none":
        return (f"{told} The map was changed before the model went on: choose “{EDITS['none']}” to compare which answers moved with "
                "it.")
    wrong = [reply for reply in drawn if reply.exact and reply.exact.is_isomorphic and not reply.is_right]
    if wrong:
        return (f"{told} “{way_name(wrong[0].configuration).capitalize()}” drew a map on which everything stands right, and still "
                "answers wrong: a map alone is not yet read.")
    return f"{told} {'The map is right in: ' if good else 'No map has everything in its place'}{'; '.join(good)}."


def replied(asked: Asked) -> None:
    """Every reply as it was written."""
    for reply in asked.replies:
        with st.expander(f"{way_name(reply.configuration, is_capital=True)}: the reply as it was written",
                         key=f"mindcube.text.{reply.configuration}"):
            st.markdown(f"{badge(reply)} {plain(reply.text[:MOST_LETTERS])}{' …' if len(reply.text) > MOST_LETTERS else ''}")
            if reply.thought and not reply.has_tag:
                st.caption("A thought was begun and never closed: there is no answer.")
            st.caption(f"{reply.tokens:,} tokens, {reply.seconds:.2f} s." + (f" {plain(reply.map_note)}" if reply.map_note else ""))


def live(asked: Asked) -> None:
    """The question and the answers so far."""
    _question(asked)
    picture = tiles(asked)
    _answers(asked)
    if picture is not None:
        left, _ = st.columns([6, 14])
        left.image(view.jpeg(picture), width="stretch", caption="What the model sees", alt="The images of the question")
