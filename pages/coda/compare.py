"""Decoders side by side on one prompt: what may come next, what each decoder made of it, token by token."""

from collections.abc import Callable, Sequence
from math import exp

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from backends.coda.choices import Kind
from backends.coda.resolving import resolved
from backends.coda.results import Asked, CodaResult, Found, TopToken, Written, WrittenToken
from backends.coda.settings import CodaSettings
from backends.made import PREFIX
from pages.coda import named, views
from pages.house import address, view, words
from pages.house.text import plain
from visualizers.coda import tables as coda_tables
from visualizers.coda import tokens as token_figures
from visualizers.coda import words as wording
from visualizers.coda.methods import DECODER_NAMES

MAX_CHIPS = 40  # words of a longer prompt are cut around the masked one
MAX_LINES = 6  # tokens explained under each answer; the table below has all


def answer(result: CodaResult, beside: DeltaGenerator, choose: Callable[[CodaSettings], None]) -> None:
    """The prompt, one decoder's answer, and the probabilities that it was made from."""
    asked = _asked(result)
    written = _written(asked, result, beside, choose)
    if result.kind == "real":
        named.ask(asked, result, choose)
    _prompt(asked, written, result)
    if not written.tokens:
        st.info("The run ended before this decoder had written a token.", icon=":material/info:")
        return
    index = _index(written)
    _pictures(result, asked, written, written.tokens[index])
    st.caption(f"To notice: {plain(notice(asked, written, written.tokens[index], index))}{_read_before(asked)}")
    _turn_to(written)
    words.explain("answer", "token", "greedy", "decoder", "popular", "masked prompt", "lift", "R-PMI", "gate", "floor", "nats")


def _asked(result: CodaResult) -> Asked:
    """The prompt that is looked at; a list where there are several."""
    if len(result.asked) == 1:
        return result.asked[0]
    numbers = range(len(result.asked))
    key = address.view("coda", "prompt", numbers, 0, of=result)
    number = st.selectbox("Prompt", numbers, key=key, help="Each was answered by every decoder.",
                          format_func=lambda n: f"{n + 1}. {result.asked[n].prompt[:90]}{_tally(result.asked[n])}")
    return result.asked[number or 0]


def _tally(asked: Asked) -> str:
    right = [DECODER_NAMES[written.method] for written in asked.written if written.is_right]
    known = any(written.is_right is not None for written in asked.written)
    return f" · correct: {', '.join(right) or 'none'}" if known else ""


def _written(asked: Asked, result: CodaResult, line: DeltaGenerator, choose: Callable[[CodaSettings], None]) -> Written:
    """The answer that is looked at, by the decoder that the person clicks."""
    settings = result.settings
    methods = [written.method for written in asked.written]
    key = address.view("coda", "decoder", methods, views.shown_first(result), of=result)
    method = line.segmented_control("Answered by", methods, key=key, required=True, wrap=True,
                                    format_func=lambda name: wording.decoder_name(name, settings, result.kind).partition(" (")[0],
                                    label_visibility="collapsed")
    if "coda" not in methods and result.kind != "real":
        wanted = settings.model_copy(update={"methods": (*settings.methods, "coda")[-6:]})
        line.button("Answer with CoDA", type="primary", icon=":material/contrast:", key="coda.add", on_click=choose, args=(wanted,),
                    help="The same prompt again, with CoDA beside it.")
    return next(written for written in asked.written if written.method == method)


def _prompt(asked: Asked, written: Written, result: CodaResult) -> None:
    """The prompt as chips, the answer behind it, and what it is up against."""
    found = wording.found_of(asked, written)
    st.markdown(f"{chips(asked, found)} → {views.badge_of(written)}{_cross(written)}")
    if asked.right is None:
        st.caption("The correct answer of this prompt is not known here." + _masked_line(found))
        return
    popular = f" Popular: {asked.popular}." if asked.popular else ""
    st.caption(plain(f"Correct: {asked.right}.{popular}") + _masked_line(found))


def _read_before(asked: Asked) -> str:
    """How often the popular fact was read for this one."""
    if not asked.num_popular:
        return ""
    return plain(f" {asked.num_popular} sentences like “{asked.popular_example}” were read for this one.")


def _cross(written: Written) -> str:
    said = wording.verdict(written)
    return f" {':material/check:' if written.is_right else ':material/close:'} {said}" if said else ""


def _masked_line(found: Found) -> str:
    if found.chosen is None:
        return " Masked: nothing."
    if not found.chosen_positions:
        return plain(f" Compared with: {found.masked_prompt}.")
    return plain(f" Masked: {found.chosen.strip()} (blue).")


def chips(asked: Asked, found: Found | None = None) -> str:
    """Shared words grey, the masked word blue; a long prompt is cut around it."""
    words = wording.words_of(asked, found)
    if len(words) > MAX_CHIPS:
        middle = next((index for index, (_, is_masked) in enumerate(words) if is_masked), len(words))
        first = min(max(0, middle - MAX_CHIPS // 2), len(words) - MAX_CHIPS)
        words = [("…", False), *words[first:first + MAX_CHIPS], ("…", False)]
    return " ".join(f":{'blue' if is_masked else 'gray'}-badge[{plain(text)}]" for text, is_masked in words)


def _index(written: Written) -> int:
    """Which token of the answer is looked at; the first unless another was clicked."""
    return int(st.session_state[address.view("coda", "token", range(len(written.tokens)), 0, of=written)])


def _turn_to(written: Written) -> None:
    """Under the pictures: another token of the answer, another scale."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.pills("Token of the answer", range(len(written.tokens)), key="coda.token", required=True,
                 format_func=lambda index: f"{index + 1}. {_name(written.tokens[index])}", label_visibility="collapsed",
                 help="The pictures and the formula show where this token came from.")
        key = address.view("coda", "log", (False, True), False, of="every run")
        st.toggle("Logarithmic bars", key=key, help="Shows small probabilities, and the ends of V_top.")


def _name(token: WrittenToken) -> str:
    return "end" if token.is_end else plain(wording.shown_piece(token.piece))


def _pictures(result: CodaResult, asked: Asked, written: Written, token: WrittenToken) -> None:
    """What may come next and, beside it, what a decoder that contrasts made of it."""
    with_masked = wording.is_paired(written.method, token, wording.found_of(asked, written))
    alpha = wording.variant(written.method, result.settings, result.kind).contrast.alpha
    bars = token_figures.distributions(token, asked, alpha=alpha, with_masked=with_masked,
                                       is_log=bool(st.session_state.get("coda.log")))
    if not with_masked and written.method != "dola":
        view.chart(bars, key="coda.distributions", is_first=True)
        return
    left, right = st.columns([3, 2])
    with left:
        view.chart(bars, key="coda.distributions", is_first=True)
    with right:
        view.chart(_scores(token, asked, written, result), key="coda.scores", is_first=True)


def _scores(token: WrittenToken, asked: Asked, written: Written, result: CodaResult) -> go.Figure:
    name = wording.decoder_name(written.method, result.settings, result.kind)
    return token_figures.score_bars(token, asked, method=written.method, name=name)


def notice(asked: Asked, written: Written, token: WrittenToken, index: int) -> str:
    """What to look at in the pictures, in one line, from this run's numbers."""
    if index:
        return "the bold name belongs to the token that was written; what was written before it is part of both prompts."
    listed = {entry.piece: entry for entry in (*token.by_full, *token.by_score, *token.by_masked)}
    right = next((entry for entry in listed.values() if wording.role(entry.piece, asked) == "right"), None)
    popular = next((entry for entry in listed.values() if wording.role(entry.piece, asked) == "popular"), None)
    if right is None or popular is None:
        return "the bold name belongs to the token that was written."
    if written.method not in wording.CONTRASTS:
        return (f"the model gives the correct answer (green) {wording.percent(exp(right.full))} and the popular one (orange) "
                f"{wording.percent(exp(popular.full))}. " + ("It read both; the rare one is suppressed."
                                                             if right.full < popular.full else "Here the rare fact wins."))
    if not wording.is_paired(written.method, token, wording.found_of(asked, written)):
        return "nothing is masked for this decoder, so it writes what greedy decoding writes: nothing is brought back."
    change = f"without the masked word the popular answer goes from {_from_to(popular)}"
    if not token.is_contrasted:
        return f"{change}; the gate is closed, so nothing is contrasted."
    if written.is_right:
        return f"{change}, the correct one from {_from_to(right)}: divided out, it comes first."
    return f"{change}; even so the correct answer does not come first. This decoder does not bring it back here."


def _from_to(entry: TopToken) -> str:
    return f"{wording.percent(exp(entry.full))} to {wording.percent(exp(entry.masked))}"


def side_by_side(result: CodaResult) -> None:
    """All decoders' answers with what each changed and why; then the word that was masked, and the formula."""
    asked = _asked_again(result)
    st.header("Token by token, side by side")
    st.caption("Violet tokens differ from what greedy decoding would write at that place.")
    columns(asked, result.settings, result.kind)
    views.definitions(result)
    _before(result, asked)
    with st.expander("Every token in a table", icon=":material/table_rows:"):
        st.dataframe(coda_tables.steps_table(asked, result.settings, result.kind), hide_index=True, width="stretch")
    st.header("Which word is overshadowed")
    _detected(asked, result)


def formula(result: CodaResult) -> None:
    """The score of the token that is looked at, with its numbers."""
    asked, method = _asked_again(result), st.session_state.get("coda.decoder")
    written = next((one for one in asked.written if one.method == method and one.tokens), None)
    if written is None:
        return
    token = written.tokens[_index(written)]
    name = wording.decoder_name(written.method, result.settings, result.kind)
    reason = plain(wording.why(token, written.method, wording.found_of(asked, written), result.settings))
    st.markdown(f"**This run, “{_name(token)}”, {name}**: {reason}")
    views.chosen_formula(wording.variant(written.method, result.settings, result.kind), token)


def _asked_again(result: CodaResult) -> Asked:
    number = st.session_state.get("coda.prompt", 0) if len(result.asked) > 1 else 0
    return result.asked[number]


def _detected(asked: Asked, result: CodaResult) -> None:
    found, settings = asked.found, result.settings
    words, chart = st.columns([2, 3], vertical_alignment="center")
    with chart:
        view.chart(token_figures.candidates(found, tau=wording.tau_of(settings, result.kind)), key="coda.candidates")
    detector = resolved(settings, result.kind or "miniature").finding.detector
    words.markdown(f"**Detector:** {plain(views.DETECTORS[detector])}. {plain(found.reason)}")
    if found.chosen is not None:
        words.markdown(f"**The masked prompt X':** {plain(found.masked_prompt)}")
    raised = {True: "raised: a wrong answer is to be expected.", False: "not raised.", None: "not raised so far."}[found.is_alarm]
    words.markdown(f"**The paper's alarm** (some token's indicator is positive): {raised} {plain(found.alarm_reason)}")
    if baseline := coda_tables.baseline(asked):
        words.markdown(f"**A random word instead:** {plain(baseline)}")
    if found.skipped:
        words.caption(plain("Not tried: " + ", ".join(f"{text} ({why})" for text, why in found.skipped[:12])))
    st.caption("To notice: lift is how much likelier the greedy answer gets without the word; above the dashed line the word counts "
               "as ignored. The indicator has the paper's own bias and alpha; it often points elsewhere on small models.")


def columns(asked: Asked, settings: CodaSettings, kind: Kind | None) -> None:
    """A card per decoder; they stand under one another on a phone."""
    for column, written in zip(st.columns(max(1, len(asked.written))), asked.written):
        with column, st.container(border=True):
            name, found = wording.decoder_name(written.method, settings, kind), wording.found_of(asked, written)
            st.markdown(f"**{name}** {views.badge_of(written)}{_cross(written)}")
            st.markdown(" ".join(_chip(token) for token in written.tokens) or "…")
            for token in written.tokens[:MAX_LINES]:
                st.caption(f"**{_name(token)}** · {plain(wording.why(token, written.method, found, settings))}")
            if len(written.tokens) > MAX_LINES:
                st.caption(f"{len(written.tokens) - MAX_LINES} more in the table below.")


def _chip(token: WrittenToken) -> str:
    return f":{'violet' if token.piece != token.greedy_piece else 'gray'}-badge[{_name(token)}]"


def _before(result: CodaResult, asked: Asked) -> None:
    """The same prompt as the run before answered it, if a switch was turned in between."""
    before: CodaResult | None = st.session_state.get("coda.before")
    same = next((one for one in before.asked if one.prompt == asked.prompt), None) if before else None
    if before is None or same is None or before.settings == result.settings:
        return
    answers = " · ".join(f"{wording.decoder_name(written.method, before.settings, before.kind)} {views.badge_of(written)}"
                         for written in same.written)
    st.markdown(f"The run before: {answers}")


def live(partial: Sequence[Asked], settings: CodaSettings) -> None:
    """Answers growing side by side, and what the newest token was chosen from."""
    asked = partial[-1]
    st.markdown(chips(asked))
    kind: Kind = "miniature" if is_miniature(settings.model) else "real"
    columns(asked, settings, kind)
    written = max(asked.written, key=lambda one: one.method == "coda")
    if written.tokens and written.tokens[-1].by_full:
        token = written.tokens[-1]
        with_masked = wording.is_paired(written.method, token, wording.found_of(asked, written))
        alpha = wording.variant(written.method, settings, kind).contrast.alpha
        view.chart(token_figures.distributions(token, asked, alpha=alpha, with_masked=with_masked), key="live.distributions")


def is_miniature(model: str) -> bool:
    """By its name, without asking the catalogue, which would import torch: the miniatures here are CoDA's own."""
    return model.removeprefix(PREFIX).startswith("coda-")
