"""Why episodes failed, said by a person: a label beside what the log suggests, labels as a file, and how far two people agree."""

from collections.abc import Mapping, Sequence
from typing import cast
from weakref import WeakKeyDictionary

import streamlit as st

from backends.era import failures
from backends.era.failures import KINDS
from backends.era.labels import LIMITS, MAX_NOTE, Agreement, Label, agreement, by_kind, key_of, label_of, labels_text, read_labels
from backends.era.results import EraResult, Line, Log
from backends.files.rows import counted as number_of
from backends.sessions import Session
from pages.house import session, view
from pages.house.text import plain
from visualizers.era import rings, tables
from visualizers.text import per_cent
from worlds.errors import InputError

STAGE, KIND, NOTE, OWN, OTHERS = "era.label.stage", "era.label.kind", "era.label.note", "era.labels.file", "era.labels.others"
Labels = dict[tuple[object, ...], Label]


@st.cache_resource(show_spinner=False)
def _everybody() -> WeakKeyDictionary[Session, Labels]:
    """The labels of each session: a page that is loaded anew has them still."""
    return WeakKeyDictionary()


def held() -> Labels:
    """This session's labels of any logs, by what they are of."""
    return _everybody().setdefault(session.current(), {})


def of_run(result: EraResult) -> dict[Line, Label]:
    """The labels of the run that is shown."""
    log, labels = result.logs[result.settings.log], held()
    return {line: labels[key] for line in result.lines if (key := key_of(log, line)) in labels} if labels else {}


def panel(result: EraResult) -> None:
    """The label of the episode that is shown, beside what its log suggests."""
    episode = result.episode
    line = next((line for line in result.lines if episode and line.number == episode.number), None)
    if episode is None or line is None or episode.success:
        return
    st.header("Why did it fail?" if episode.success is False else "Did it fail, and why?")  # a log may leave out how it ended
    log = result.logs[result.settings.log]
    left, right = st.columns(2, gap="medium")
    with left:
        _suggested(failures.suggestions(episode), log, line, has_steps=bool(episode.turns))
    with right:
        _by_hand(result, log, line)


def _suggested(found: Sequence[failures.Suggestion], log: Log, line: Line, *, has_steps: bool) -> None:
    st.markdown(f"**What its log suggests** :orange-badge[{failures.LABEL}]")
    if not found:
        st.caption("No rule finds anything in this log." if has_steps else "The log has no step in which a rule could find anything.")
    for number, one in enumerate(found):
        more = f" ({one.count} times)" if one.count > 1 else ""
        st.button(one.name, key=f"era.label.take.{number}", icon=":material/new_label:", on_click=_label, help="Label it so",
                  args=(log, line, one.stage, one.kind))
        st.caption(f"Call {one.turn + 1}{more}: {plain(one.why)}")
    st.caption("Made by rules. The published shares of failures were counted by people, and no rule replaces that.")


def _by_hand(result: EraResult, log: Log, line: Line) -> None:
    state, label = st.session_state, held().get(key_of(log, line))
    if state.get(f"{STAGE}.of") is not result or any(key not in state for key in (STAGE, NOTE)):
        _show(label)
        state[f"{STAGE}.of"] = result
    st.markdown("**What you say**")
    st.segmented_control("Stage", list(KINDS), key=STAGE, on_change=_stage_said, args=(log, line),
                         help="Where it went wrong first: in what it saw, what it concluded, or what it planned.")
    if stage := state[STAGE]:
        state.setdefault(KIND, label.kind or None if label else None)
        st.selectbox("Kind", KINDS[stage], index=None, key=KIND, on_change=_said, args=(log, line), placeholder="Not said")
        note = st.text_input("Note", key=NOTE, on_change=_said, args=(log, line), placeholder="Anything to remember")
        if (letters := len(note or "")) > MAX_NOTE:
            st.warning(f"This note has {letters:,} letters; the first {MAX_NOTE} are kept.")
    st.caption("Labels are kept in this session, apart from your logs. Download them below to keep them for good.")


def _show(label: Label | None) -> None:
    """Let the widgets stand at a label."""
    st.session_state[STAGE], st.session_state[NOTE] = (label.stage, label.note) if label else (None, "")
    st.session_state[KIND] = label.kind or None if label else None


def _label(log: Log, line: Line, stage: str, kind: str) -> None:
    label = label_of(log, line, stage, kind, st.session_state.get(NOTE) or "")
    held()[label.key] = label
    _show(label)


def _stage_said(log: Log, line: Line) -> None:
    """Another stage has other kinds; none takes the label away."""
    st.session_state[KIND] = None
    if st.session_state[STAGE] is None:
        held().pop(key_of(log, line), None)
        return
    _said(log, line)


def _said(log: Log, line: Line) -> None:
    state = st.session_state
    label = label_of(log, line, state[STAGE], state.get(KIND) or "", state.get(NOTE) or "")
    held()[label.key] = label


def all_of_them(labels: Mapping[Line, Label]) -> None:
    """The labels of the run in two rings, as a file, from a file, and beside somebody else's.

    Args:
        labels: of the run that is shown.
    """
    if (figure := rings.rings(list(labels.values()))) is not None:
        view.chart(figure, key="era.chart.labels")
    with st.expander("Labels as a file, and beside somebody else's", icon=":material/label:", key="era.labels.fold"):
        _file()
        _others()


def _file() -> None:
    labels = held()
    left, right = st.columns(2)
    with right:
        notes = _brought(OWN, "Labels from a file", "Take the place of yours of the same episodes; all others stay.")
        if notes is not None:
            st.caption(plain(" ".join((f"{number_of(len(notes[0]), 'label')} read.", *notes[1]))))
    left.markdown(f"**{number_of(len(labels), 'label')}** in this session, of all logs that you labelled here.")
    left.download_button("Labels (JSON lines)", labels_text(labels.values()), "era-labels.jsonl", "application/jsonl",
                         key="era.labels.jsonl", on_click="ignore", disabled=not labels,
                         help="One label a line. It is read here again, and by whoever compares.")


def _brought(key: str, label: str, told: str) -> tuple[tuple[Label, ...], tuple[str, ...]] | None:
    """What a box holds: its labels and what is to be said of the others; None where it is empty or its file is refused."""
    state = st.session_state
    file = st.file_uploader(label, type=["jsonl", "json", "csv"], key=key, max_upload_size=int(LIMITS.mb), help=told)
    if file is None:
        state.pop(f"{key}.read", None)
        return None
    read = state.get(f"{key}.read")
    if read is None or read[0] != file.file_id:
        read = state[f"{key}.read"] = (file.file_id, *_read(file.getvalue(), file.name, is_own=key == OWN))
        if key == OWN:
            state.pop(f"{STAGE}.of", None)
            if read[1] is not None:
                st.rerun()  # the table above and the label of this episode are drawn already
    _, found, said = read
    if found is None:
        st.error(plain(said), icon=":material/error:")
    return found


def _read(content: bytes, name: str, *, is_own: bool) -> tuple[tuple[tuple[Label, ...], tuple[str, ...]] | None, str]:
    try:
        kept = read_labels(content, name)
        if is_own:
            _take(kept.rows)
    except InputError as error:
        return None, str(error)
    return (kept.rows, kept.notes), ""


def _take(labels: Sequence[Label]) -> None:
    """Raises InputError where there would be too many."""
    new = held() | {label.key: label for label in labels}
    if len(new) > LIMITS.rows:
        raise InputError(f"With these there would be {len(new):,} labels. At most {LIMITS.rows:,} are kept in a session.")
    held().update(new)


def _others() -> None:
    """How far somebody else's labels agree with yours."""
    brought = _brought(OTHERS, "Somebody else's labels", "Compared with yours; yours stay as they are.")
    if brought is None:
        return
    theirs, notes = brought
    for note in notes:
        st.caption(plain(note))
    mine = list(held().values())
    coarse, fine = agreement(mine, theirs), agreement(mine, theirs, by=by_kind)
    st.markdown(f"**{plain(agreed(coarse, fine))}**")
    if fine.differing:
        st.dataframe(tables.disagreements(fine.differing), hide_index=True, width="stretch", key="era.labels.differing")


def agreed(coarse: Agreement, fine: Agreement) -> str:
    """How far two people agree, in sentences."""
    if not coarse.count:
        return "No episode is labelled in both, so there is nothing to agree in."
    told = [f"{number_of(coarse.count, 'episode')} labelled by both."]
    for name, one in (("Stage", coarse), ("Stage and kind", fine)):
        kappa = f"Cohen's kappa {one.kappa:.2f}" if one.kappa is not None else "no kappa: both used one class"
        told.append(f"{name}: the same in {per_cent(cast(float, one.observed))} ({kappa}).")
    return " ".join(told)
