"""On a real model a person names the ignored word: the prompt as buttons, a second prompt to compare with, what to expect of both."""

from collections.abc import Callable

import streamlit as st

from backends.coda.choices import MAX_CHARACTERS
from backends.coda.measured import measurements
from backends.coda.results import Asked, CodaResult
from backends.coda.settings import CodaSettings
from backends.run import letters
from pages.house.text import plain
from visualizers.coda import real as real_figures
from worlds.facts.popular_answers import question_of

MAX_WORDS = 40  # that are buttons; a longer prompt is named in the knobs


def ask(asked: Asked, result: CodaResult, choose: Callable[[CodaSettings], None]) -> None:
    """The words of the prompt as buttons; the one that a rule suggests carries a lamp, the chosen one is pressed."""
    words = [entry.text.strip() for entry in asked.found.tried][:MAX_WORDS]
    named = next((index for index, entry in enumerate(asked.found.tried[:MAX_WORDS])
                  if entry.positions == asked.found.chosen_positions), None)
    guess = next((index for index, entry in enumerate(asked.found.tried[:MAX_WORDS])
                  if entry.positions == asked.found.suggested_positions), None)
    key = f"coda.named.{asked.prompt}"
    if st.session_state.get("coda.named.of") is not result:
        st.session_state["coda.named.of"], st.session_state[key] = result, named

    def chosen() -> None:
        index = st.session_state[key]
        choose(_naming(result.settings, asked, "" if index is None else occurrence(words, index)))

    line = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    line.pills("**Which word is being ignored? Click it.** The lamp is a suggestion, made from the words alone.", range(len(words)),
               key=key, on_change=chosen,
               format_func=lambda index: f"{':material/lightbulb: ' if index == guess else ''}{plain(words[index])}",
               help="The model answers once more, against the prompt without that word: CAD, a = 1.")
    with line:
        _compare(asked, result, choose)


def occurrence(words: list[str], index: int) -> str:
    """How the setting `named` says this word: by itself, or with its number where it stands there more than once."""
    same = [place for place, word in enumerate(words) if word.lower() == words[index].lower()]
    return words[index] if len(same) == 1 else f"{words[index]}#{same.index(index) + 1}"


def _naming(settings: CodaSettings, asked: Asked, named: str) -> CodaSettings:
    return settings.model_copy(update={"prompts": (asked.prompt,), "named": named, "compare_with": "", "detector": "auto"})


def _compare(asked: Asked, result: CodaResult, choose: Callable[[CodaSettings], None]) -> None:
    known = question_of(asked.prompt)
    with st.popover("Or compare with a second prompt", icon=":material/compare_arrows:"):
        st.markdown("Write a prompt that leads to the *popular* answer. What both would say is divided out (CAD, a = 0.5).")
        with st.form(f"coda.compare.of.{asked.prompt}", border=False):  # sends text and click together
            key = f"coda.second.{asked.prompt}"
            st.text_area("Second prompt", key=key, height=80,
                         value=result.settings.compare_with or (known.compare if known else ""))
            st.form_submit_button("Compare", key="coda.compare", type="primary", on_click=_take_second,
                                  args=(key, asked, result, choose))
            if wrong := st.session_state.get(f"{key}.wrong"):
                st.caption(wrong)


def _take_second(key: str, asked: Asked, result: CodaResult, choose: Callable[[CodaSettings], None]) -> None:
    """Compare with what stands in the box now."""
    second = str(st.session_state[key]).strip()
    is_long = len(second) > MAX_CHARACTERS
    wrong = f"{letters(len(second), MAX_CHARACTERS)}." if is_long else "" if second else "Write a prompt first."
    st.session_state[f"{key}.wrong"] = wrong
    if not wrong:
        choose(_comparing(result.settings, asked, second))


def _comparing(settings: CodaSettings, asked: Asked, second: str) -> CodaSettings:
    return settings.model_copy(update={"prompts": (asked.prompt,), "named": "", "compare_with": second.strip(), "detector": "auto"})


def what_to_expect(result: CodaResult) -> None:
    """What mends and what breaks on real models, from the measured numbers; the model that gained nothing stands there too."""
    if not measurements().models:
        return
    if result.kind == "real":
        st.header("What to expect of real models")
        _measured()
    else:
        with st.expander("What to expect of real models", icon=":material/query_stats:"):
            _measured()


def _measured() -> None:
    models = measurements().models
    for model in models:
        st.markdown(f"**{plain(model.title)}.** {plain(real_figures.in_words(model))}")
    st.markdown(plain(real_figures.earlier_in_words(measurements().earlier)))
    st.dataframe(real_figures.table(models), hide_index=True, width="stretch")
    st.caption("Questions whose correct answer is less famous than a wrong one, and controls; intervals are 95 % over facts. "
               "“Mended”: wrong before, correct now. “Broken”: correct before, wrong now. Nothing was decided on the held-out half. "
               f"Measured {models[0].made_on}, docs/benchmarks.md.")
