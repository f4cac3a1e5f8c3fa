"""What a person can turn before a T* search, and what the search will cost."""

import streamlit as st

from backends.knobs import UPLOAD, knob_of
from backends.registry import System
from backends.tstar.results import TStarResult
from backends.tstar.settings import BY_SIMILARITY, IMAGE_NETWORK, TStarSettings
from pages.house import costs, knobs, results, running, tasks
from pages.house.text import plain
from pages.tstar import own_video
from visualizers.ladder import memory_mb
from visualizers.tstar.methods import METHOD_NAMES
from worlds.errors import InputError
from worlds.haystack.samples import SAMPLES, haystack_of

GENERATED = "generated"
FOLDED = ("detector", "distribution", "selection and answer")  # groups of the settings
PAID = ("random_grid", "dense", "budgeted_dense", "scene_change", *BY_SIMILARITY)  # methods that pay per frame


def draw(system: System) -> None:
    """Everything that can be turned, what it will cost, and the buttons. What stands beside one's own video is not drawn twice."""
    asked_above = ("question",) if own_video.is_there(system) else ()
    values = knobs.said(system) | {"video": _video(system)}
    values |= knobs.knobs(system, [name for name in own_video.WORDS if name not in asked_above])
    values |= knobs.knobs(system, knobs.of(system, "search"))
    values |= knobs.tabs(system, {group.capitalize(): (group,) for group in FOLDED})
    values["baselines"] = baseline_knob(system)
    asked = knobs.settings_from(system, values, is_said=False)
    tasks.run_button(system, values, label="Search", cost=cost, is_ready=lambda asked: is_ready(system, asked))
    if asked is not None and st.button(
            "Run 20 seeds", key="run.seeds", icon=":material/casino:", disabled=not is_ready(system, asked, place=None),
            help="The same search with 20 seeds, beside a random grid: how much of the result is luck?"):
        running.start(system, asked.model_copy(update={"num_seeds": 20}))
        st.rerun()


def is_ready(system: System, asked: TStarSettings, *, place: str | None = "") -> bool:
    """Whether the words are known and every baseline has its model; says what is not, once per `place`, nowhere with None."""
    if place is None:
        return not system.objection(asked) and not _lacking(asked)
    return knows_the_words(system, asked, place=place) and has_its_similarity(asked)


def _video(system: System) -> str:
    """Which video: a sample, one that is drawn anew, or the one that was brought."""
    key = knobs.held(system, "video")
    wanted = st.session_state[key]
    samples = {sample.id: f"Sample: {sample.title}{'' if sample.is_shipped else ' (drawn on first use)'}"
               for sample in SAMPLES.values()}
    kind = wanted if wanted in samples else GENERATED if wanted.startswith("generated:") else wanted
    labels = samples | {GENERATED: "A new drawn video"} | (
        {wanted: f"Yours: {wanted.removeprefix(UPLOAD)}"} if wanted.startswith(UPLOAD) else {})
    if st.session_state.get("tstar.kind.of") != wanted:  # a preset, a link or a file chose another video
        st.session_state["tstar.kind"], st.session_state["tstar.kind.of"] = kind, wanted
    choice = st.selectbox("Video", list(labels), format_func=lambda kind: labels.get(kind, kind), key="tstar.kind",
                          help="Samples are drawn videos whose truth is known. Your own is brought above, beside the presets.")
    video = str(choice)
    if choice == GENERATED:
        first, second, third = st.columns(3)
        minutes = first.slider("Minutes", 2, 60, 10, key="tstar.minutes", help="Length of the video to draw.")
        seed = second.number_input("World seed", 0, 99_999, 7, key="tstar.world_seed", help="Another seed draws another house.")
        seconds = third.slider("Seconds in view", 4, 10, 6, key="tstar.needle_s", help="How long the target can be seen.")
        video = f"generated:minutes={minutes},seed={seed},needle_s={seconds}"
    st.session_state[key] = st.session_state["tstar.kind.of"] = video
    if video != wanted:  # the page is that of another video
        st.rerun()
    return video


def knows_the_words(system: System, asked: TStarSettings, *, place: str = "") -> bool:
    """Whether the detector can look for what was typed; says what it does not know, and offers one that does."""
    said = system.objection(asked)
    if not said:
        return True
    st.warning(plain(said), icon=":material/help:")
    other = asked.model_copy(update={"detector": IMAGE_NETWORK})
    if asked.detector != IMAGE_NETWORK and not system.objection(other):
        st.button("Use '1,000 ImageNet kinds'", key=f"use.kinds{place}", icon=":material/swap_horiz:",
                  on_click=st.session_state.__setitem__, args=(knobs.knob_key(system, "detector"), IMAGE_NETWORK),
                  help="Turns the knob Detector to the image network.")
    return False


def baseline_knob(system: System) -> tuple[str, ...]:
    return tuple(st.multiselect(knob_of(system.settings, "baselines").label, [name for name in METHOD_NAMES if name != "tstar"],
                                key=knobs.held(system, "baselines"), format_func=lambda name: METHOD_NAMES[name],
                                help="Run on the same video with the same number of key frames. "
                                "A dense scan looks at every second."))


def has_its_similarity(asked: TStarSettings) -> bool:
    """Whether every baseline has its model; says which has not."""
    if lacking := _lacking(asked):
        st.warning(f"{', '.join(METHOD_NAMES[name] for name in lacking)} compare frames with the question by an image-text model. "
                   "Choose one under 'Selection and answer', or leave them out.", icon=":material/rule:")
    return not lacking


def _lacking(asked: TStarSettings) -> list[str]:
    return [name for name in BY_SIMILARITY if name in asked.baselines and not asked.similarity]


def _model_of(settings: TStarSettings) -> tuple[str, str, bool, str]:
    """What a rate belongs to."""
    return settings.detector, settings.quantisation, settings.by_example, settings.like if settings.by_example else ""


def remember(result: TStarResult, *, is_recorded: bool) -> None:
    """Keep how long a frame took, per method; not what a file says: every visitor's cost line goes by it."""
    if results.was_brought(result):
        return
    search_s = sum(step.seconds for step in result.iterations)  # without opening the video and loading the model
    work = {row.method: (float(row.frames_seen), row.seconds) for row in result.methods[1:] if row.method in PAID}
    costs.remember("tstar", _model_of(result.settings), work | {"tstar": (float(result.costs.frames_grid), search_s)},
                   is_recorded=is_recorded)


def cost(asked: TStarSettings) -> str:
    """Memory and seconds that a run with these settings may take, in a line."""
    length = _num_positions(asked.video)
    memory = f"Models: about {memory_mb(asked):,} MB."
    if length is None:
        return f"{memory} Seconds: known once the video is there."
    most = asked.most_frames(length)
    foreseen = costs.foresee("tstar", _model_of(asked), most)
    seen = f"T\\* looks at {most['tstar']} of {length} frames at most, in whole grids"
    if foreseen is None:
        return f"{memory} {seen}; this model was not timed here yet."
    limit = costs.beyond_the_limit(foreseen.seconds)
    return f"{memory} {seen}: up to {costs.in_words(foreseen.seconds)} with all baselines, going by {foreseen.basis}.{limit}"


def _num_positions(video: str) -> int | None:
    """Seconds of a video without opening it; None where only opening would tell."""
    kind = video.partition(":")[0]
    if kind == "upload":
        return st.session_state.get(f"tstar.length.{video}")
    try:
        return int(haystack_of(video).spec.minutes * 60)
    except InputError:
        return None
