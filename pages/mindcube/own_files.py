"""A person's own files of MindCube: brought beside the presets, read at once; what they hold, three numbers, each question."""

from collections.abc import Callable

import streamlit as st

from backends.files.rows import counted
from backends.mindcube.prompts import BY_KEY
from backends.mindcube.results import Brought, MindCubeResult
from backends.mindcube.settings import MindCubeSettings
from backends.mindcube.system import SYSTEM
from pages.house.own_logs import OwnLogs
from pages.house.text import code, plain
from pages.mindcube import asked, browsing, reports
from visualizers.mindcube import numbers

PART, TASK = "mindcube.file.part", "mindcube.file.task"
PLACES = ("part", "asked_as", "item")
UNKNOWN = "not told"
TOLD = {"name": "as its name says", "prompt": "as its prompts ask"}
Choose = Callable[[MindCubeSettings], None]
FILES = OwnLogs(
    SYSTEM, "file", PLACES, label="Your files",
    note="Of MindCube: questions, prompts, replies, RL data or evaluations: a .zip of the folder with its images, .json or .jsonl.",
    which="Which file of them, which task and which row", button="Read your files",
    cost="Takes seconds: every reply is scored, and one row is shown whole.", again="read another file, task or row")


def first_view(result: MindCubeResult, choose: Choose) -> None:
    """Which file is read and as what, its three numbers, and its questions one by one."""
    if result.files:
        _which(result, choose)
    reports.silent(result.reports)
    report = result.reports[0] if result.reports else None
    part = numbers.overall(report) if report is not None else None
    if report is not None and part is not None and part.count and any(line.is_right is not None for line in report.lines):
        reports.three(part, report)
    if report is not None:
        browsing.draw(result, report, on_row=lambda place: choose(result.settings.model_copy(update={"item": place})))
    if result.asked is not None:
        asked.from_a_file(result)


def _which(result: MindCubeResult, choose: Choose) -> None:
    """The files that were found, and the task of the chosen one: both can be corrected."""
    files, settings = result.files, result.settings
    chosen = files[min(settings.part, len(files) - 1)]
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    if len(files) > 1:
        _set(PART, min(settings.part, len(files) - 1), result)
        left.selectbox("File", range(len(files)), key=PART, format_func=lambda place: file_said(files[place]),
                       help="Choosing one reads it.", on_change=_read, args=(result, choose, PART, "part"))
    else:
        left.markdown(f"**{plain(chosen.name)}**  \n{plain(chosen.layout)}, {counted(chosen.rows, 'question')}")
    if chosen.task or any(line.is_right is not None for report in result.reports for line in report.lines):
        _task(right, result, chosen, choose)
    st.caption(plain(_told(chosen)))


def _task(place: st.delta_generator.DeltaGenerator, result: MindCubeResult, chosen: Brought, choose: Choose) -> None:
    """Which task the replies are of: inferred, and editable."""
    _set(TASK, result.settings.asked_as, result)
    own = f"{named(chosen.task)}, {TOLD[chosen.task_from]}" if chosen.task_from in TOLD else named(chosen.task)
    place.selectbox("Task of the replies", ["", *BY_KEY], key=TASK, on_change=_read, args=(result, choose, TASK, "asked_as"),
                    format_func=lambda key: named(key) if key else own,
                    help="Which configuration was asked. Inferred from the file; choose another where that is wrong: it decides "
                    "whether maps are looked for.")


def named(key: str) -> str:
    """A task of the released code, as people read it."""
    return f"{BY_KEY[key].name} ({key})" if key in BY_KEY else key or UNKNOWN


def file_said(file: Brought) -> str:
    """A file in a list."""
    return f"{file.name} · {file.layout}, {file.rows:,} rows"


def _told(file: Brought) -> str:
    """What there is to know of a file, in sentences."""
    told = [f"Replies of {file.model}." if file.model else ""]
    if file.missing is None:
        told.append("No images were brought: bring them in one zip with the file." if file.images else "")
    elif file.missing:
        told.append(f"{file.missing:,} of {file.images:,} images are missing.")
    else:
        told.append(f"All {file.images:,} images are there." if file.images else "")
    told.append(f"{counted(file.left_out, 'row')} could not be read." if file.left_out else "")
    return " ".join(filter(None, told))


def _set(key: str, value: object, result: MindCubeResult) -> None:
    """A widget says what the shown result was asked, until it is turned."""
    if st.session_state.get(f"{key}.of") is not result or key not in st.session_state:
        st.session_state[key], st.session_state[f"{key}.of"] = value, result


def _read(result: MindCubeResult, choose: Choose, key: str, knob: str) -> None:
    wanted: dict[str, object] = {knob: st.session_state[key]}
    choose(result.settings.model_copy(update={**wanted, **({"item": 0, "asked_as": ""} if knob == "part" else {})}))


def details(result: MindCubeResult) -> None:
    """Settings and templates; maps under both metrics."""
    report = result.reports[0] if result.reports else None
    if report is None or not report.parts:
        return
    st.header("By template")
    st.caption(f"As MindCube's ids name them. {code(report.model)}" if report.model else "As MindCube's ids name them.")
    reports.templates(result)
    if any(each.maps is not None for each in result.reports):
        st.header("The maps")
        reports.maps(result.reports)
