"""A merge: the curve from one parent to the other, and pictures of sums whose answers follow a slider along it."""

from collections.abc import Callable

import streamlit as st

from backends.merging.results import Merged, MergingResult, Question, Skills
from backends.merging.settings import MergingSettings
from pages.house import address, parts, view, words
from pages.house.text import plain
from visualizers.merging import apart, curve, gallery
from visualizers.merging.methods import method_name, set_at
from visualizers.text import per_cent
from worlds.pictures import decode_jpeg

VIEWS = ("at",)  # in the address
FIRST, PICTURE_PX, WORDS_PX = 4, 92, 240  # questions that are seen first; how wide their pictures are, and what is said to them
MODELS = {"vlm": "the seeing model", "reasoner": "the reasoning model", "child": "the child"}
Choose = Callable[[MergingSettings], None]


@st.fragment
def first_view(result: MergingResult, choose: Choose) -> None:
    """The curve, and pictures beside it; only this part is drawn anew when the slider is moved: all answers are in the result."""
    merged, settings = result.merged, result.settings
    if merged is None:
        return
    places = curve.places(merged, settings)
    at = _place_now(merged, settings, places)
    skills = curve.at_place(merged, settings, at)
    left, right = st.columns([11, 9], gap="medium")
    with left:
        figure = curve.skills(merged, settings, at) or curve.parents(merged)
        if figure is not None:
            view.chart(figure, key="merging.curve", is_first=True)
        _slider(result, places, at, choose)
    with right:
        _gallery(merged, settings, at)
    if skills is not None:
        st.markdown(f"**To notice:** {plain(notice(merged, settings, at, skills))}")
    _more(merged.gallery[FIRST:], curve.by(settings, at))
    words.explain("merging", "merge", "lambda", "task vector", "new sums", "miniature's sums")
    address.write_view("merging", "child")


def _place_now(merged: Merged, settings: MergingSettings, places: list[float]) -> float | None:
    """The place that is looked at; None where there is but the child that is set."""
    own = set_at(settings)
    if not places:
        return own
    nearest = min(places, key=lambda place: abs(place - own)) if own is not None else places[0]
    return float(st.session_state[address.view("merging", "at", places, nearest, of=merged)])


def _slider(result: MergingResult, places: list[float], at: float | None, choose: Choose) -> None:
    """The slider along the curve, and the button that makes its place the child that is set."""
    if len(places) < 2 or at is None:
        return
    settings = result.settings
    st.select_slider(f"Look at another {'weight of reasoning' if settings.needs_base else 'share of the seeing model, λ'}", places,
                     key="merging.at", format_func=lambda place: f"{place:g}", help="Every place on the curve was tried already: the "
                     "pictures follow at once, and nothing is run. With the slider in focus, the arrow keys move it.")
    if not parts.shows("knobs"):
        return
    wanted = there(settings, at)
    if st.button(f"Make {at:g} the child", key="merging.make", icon=":material/merge:", on_click=choose, args=(wanted,),
                 disabled=curve.by(settings, at) == "child", help="Turns the knob to the slider's place, merges there and keeps the "
                 "child as a model of this session."):
        st.rerun()  # the knobs and the bar of the run are outside of this part


def there(settings: MergingSettings, at: float) -> MergingSettings:
    """The same settings with the merge of another place on the curve."""
    return settings.model_copy(update={"reason_weight" if settings.needs_base else "share": at})


def _gallery(merged: Merged, settings: MergingSettings, at: float | None) -> None:
    """The first questions, and how many of all that are shown each model answers correctly."""
    by = curve.by(settings, at)
    for number, question in enumerate(merged.gallery[:FIRST]):
        _row(question, by, number)
    told = [f"{MODELS[name]} {right}" for name, own in (("vlm", "vlm"), ("reasoner", "reasoner"), ("child", by))
            for right, asked in (gallery.counted(merged, own),) if asked]
    if told:
        st.caption(f"Of the {len(merged.gallery)} pictures shown on this page, correct: {', '.join(told)}.")


def _more(rest: tuple[Question, ...], by: str) -> None:
    """The rest of the gallery; it follows the slider as the first ones do."""
    if not rest:
        return
    with st.expander(f"{len(rest)} more pictures", icon=":material/photo_library:", key="merging.more"):
        for start in range(0, len(rest), 2):
            for column, (number, question) in zip(st.columns(2), enumerate(rest[start:start + 2], start=FIRST + start)):
                with column:
                    _row(question, by, number)


def _row(question: Question, by: str, number: int) -> None:
    """One picture, what is asked, and what each says to it."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"merging.row.{number}"):
        st.image(view.jpeg(decode_jpeg(question.jpeg)), width=PICTURE_PX, alt=gallery.alt(question))
        models = (("Seeing", "vlm"), ("Reasoning", "reasoner"), ("Child", by))
        told = "  \n".join(f"{name} {said(question, own)}" for name, own in models)
        st.markdown(f"**{plain(question.question)}**  \n{told}", width=WORDS_PX)


def said(question: Question, by: str) -> str:
    """An answer as a chip: what was read and what it comes to; green where correct, red where wrong."""
    answer = gallery.answer_of(question, by)
    if answer is None:
        return ":gray-badge[not asked]"
    read, result = gallery.parted(question, answer.says)
    colour, mark = ("green", ":material/check: correct") if answer.is_right else ("red", ":material/close: wrong")
    return f":{colour}-badge[{plain(f'{read} → {result}' if read else result or 'nothing')} {mark}]"


def notice(merged: Merged, settings: MergingSettings, at: float | None, skills: Skills) -> str:
    """What the child that is looked at can do, beside its parents, and where on the curve it does best."""
    where = "As it is set" if at is None else f"At {at:g}"
    told = f"{where}, the child sees {per_cent(skills.sees)} and does {per_cent(skills.unseen)} of the new sums"
    if merged.vlm is not None and merged.behind is not None:
        told += (f"; the seeing model alone does {per_cent(merged.vlm.unseen)} of them, the reasoning model behind its eyes "
                 f"{per_cent(merged.behind.unseen)}")
    tried = curve.line(merged, settings)
    if len(tried) < 2:
        return f"{told}."
    best = max(tried, key=lambda one: one.skills.unseen)
    return f"{told}. The best of {len(tried)} places is {best.at:g}, {per_cent(best.skills.unseen)}."


def live(merged: Merged) -> None:
    """Both parents and the child, as far as they were tried, with the first pictures."""
    left, right = st.columns([11, 9], gap="medium")
    with left:
        figure = curve.parents(merged)
        if figure is not None:
            view.chart(figure, key="live.parents")
    with right:
        for number, question in enumerate(merged.gallery[:FIRST]):
            _row(question, "child", number)
    if merged.curve:
        st.caption(f"{len(merged.curve)} places on the curve were tried.")


def details(result: MergingResult, choose: Choose) -> None:
    """What else can be done with this merge, both parents, how long answers are, and how far the parents are apart."""
    merged, settings = result.merged, result.settings
    if merged is None:
        return
    _further(settings, choose)
    st.header("Both parents and the child")
    left, right = st.columns(2)
    with left:
        if (figure := curve.parents(merged)) is not None:
            view.chart(figure, key="merging.parents")
    with right:
        if (lengths := curve.lengths(merged, settings)) is not None:
            view.chart(lengths, key="merging.lengths")
    st.caption(f"{plain(method_name(settings).capitalize())}: {merged.merged_tensors:,} tensors were merged in "
               f"{1000 * merged.merge_s:.0f} ms, {merged.kept_tensors:,} stay the seeing model's. "
               f"Trying a child took {merged.try_s:.2f} s.")
    if merged.apart:
        st.header("How far apart are the parents?")
        for column, (name, figure) in zip(st.columns(2), apart.charts(merged.apart).items()):
            with column:
                view.chart(figure, key=f"merging.{name}")
        if said_ := apart.notice(merged.apart):
            st.caption(f"To notice: {plain(said_)}")
        words.explain("merging.apart", "task vector", "cosine")


def _further(settings: MergingSettings, choose: Choose) -> None:
    """One click each: the same merge looked into, and its weights varied."""
    if not parts.shows("presets"):
        return
    with st.container(horizontal=True, gap="small", key="merging.further"):
        st.button("Look into its layers", key="merging.to.probe", icon=":material/layers:", on_click=choose,
                  args=(settings.model_copy(update={"task": "probe"}),),
                  help="Flattens one module of this child after another, and of the seeing model.")
        st.button("Try all pairs of weights", key="merging.to.grid", icon=":material/grid_on:", on_click=choose,
                  args=(settings.model_copy(update={"task": "grid"}),),
                  help="Both weights from 0 up, with this method, or with task arithmetic where it takes a share.")
