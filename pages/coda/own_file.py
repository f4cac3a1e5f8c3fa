"""A person's own file of prompts: which layouts are read, the rows as they are answered, the table."""

import io
from collections.abc import Callable, Mapping
from itertools import zip_longest
from pathlib import Path

import pandas as pd
import streamlit as st

import models
from backends.coda.results import CodaResult, FilePart
from backends.coda.settings import AUSTRALIA, MAX_MB, CodaSettings
from backends.files.csv_text import to_csv
from backends.registry import System
from pages.house import knobs, session, view
from pages.house.text import plain
from visualizers.coda import answered as figures
from worlds.errors import InputError
from worlds.facts.corpus import Corpus, CorpusSpec
from worlds.facts.english import draw_corpus
from worlds.facts.popular_answers import Question, questions

EXAMPLE = "rare-facts.csv"
NUM_EXAMPLES = 24
REAL_EXAMPLE, NUM_REAL = "famous-wrong-answers.csv", 40
REAL_METHODS = ("greedy", "cad", "cad_random", "coda_paper")
LAYOUTS = {
    "a plain table": "`prompt`, and if known `right` (or `answer`), `wrong`, `masked_prompt`, `ignored` (the word to mask)",
    "MemoTrap": "`prompt`, `classes`, `answer_index`: the usual ending against the one that is asked for",
    "NQ-Swap": "`question`, `sub_context`, `sub_answer`, `org_answer`: a context that contradicts what was learned",
    "its generator, CAD's contrasts, COUNTERFACT": "as released, or as tables with lists and objects in cells",
    "overshadowing corpora": "`set`, `kind`, `share`, `pos`, `x`, `y`",
}


@st.cache_resource(show_spinner=False)
def english() -> Corpus:
    """What the English miniature read."""
    path = Path(models.__file__).parent / "miniatures" / "coda-english" / "corpus.json"
    return draw_corpus(CorpusSpec.from_json(path.read_text(encoding="utf-8")))


@st.cache_data(show_spinner=False)
def example() -> pd.DataFrame:
    """Rare facts of the English miniature's world, with what is right and what the popular fact says."""
    corpus = english()
    sets = corpus.sets[::max(1, len(corpus.sets) // NUM_EXAMPLES)][:NUM_EXAMPLES]
    return pd.DataFrame([{"prompt": corpus.text(one.statement("b").prompt), "right": corpus.text(one.rare_answer),
                          "wrong": corpus.text(one.popular_answer)} for one in sets])


@st.cache_data(show_spinner=False)
def real_example() -> pd.DataFrame:
    """The questions about the real world in the plain layout, the kinds in turn; `kind` is for people."""
    by_kind: dict[str, list[Question]] = {}
    for question in questions():
        by_kind.setdefault("control" if question.is_control else question.kind, []).append(question)
    mixed = [question for turn in zip_longest(*by_kind.values()) for question in turn if question is not None]
    return pd.DataFrame([{"prompt": one.prompt, "right": _cell(one.right), "wrong": _cell(one.popular),
                          "masked_prompt": one.without_ignored, "ignored": one.ignored,
                          "kind": f"{one.kind}, control" if one.is_control else one.kind} for one in mixed])


def _cell(answers: tuple[str, ...]) -> str:
    """One answer as it is, several as the list that the plain layout reads."""
    return answers[0] if len(answers) == 1 else repr(list(answers)) if answers else ""


def invitation(choose: Callable[[CodaSettings], None]) -> None:
    """What may be brought, and a file to try it with."""
    st.markdown("**Bring a file of prompts**: every row is answered by each decoder, and counted where the file says what is right. "
                "The upload box is below the example.")
    table = example()
    left, right = st.columns([3, 2])
    left.dataframe(table, hide_index=True, width="stretch", height=250)
    right.markdown("Read are CSV, TSV, JSON, JSON lines and parquet; a row that cannot be read is left out and named:\n" + "\n".join(
        f"- {kind}: {what}" for kind, what in LAYOUTS.items()))
    with left.container(horizontal=True):
        st.button("Answer this example", type="primary", icon=":material/play_arrow:", key="coda.example", on_click=_answer,
                  args=(choose, table, EXAMPLE, {}), help=f"{len(table)} rare facts of the miniature's own world.")
        st.download_button("Example (CSV)", to_csv(table), EXAMPLE, "text/csv", key="example.csv", on_click="ignore")
    _real_example(choose)


def _real_example(choose: Callable[[CodaSettings], None]) -> None:
    """Questions about the real world, for a real model; the ignored word of each is left out in its masked prompt."""
    table = real_example()
    st.markdown(f"**Or facts of the real world, on a real model**: {len(table)} questions whose correct answer is less famous than a "
                "wrong one, and controls. Each brings its prompt without the ignored word.")
    with st.container(horizontal=True):
        asked = {"model": AUSTRALIA.model, "num_rows": NUM_REAL, "methods": REAL_METHODS}
        st.button(f"Answer {NUM_REAL} of them with SmolLM2", icon=":material/play_arrow:", key="coda.example.real", on_click=_answer,
                  args=(choose, table, REAL_EXAMPLE, asked),
                  help="Greedy decoding, CAD without the ignored word, CAD without a random one, CoDA, as in the paper.")
        st.download_button("All of them (CSV)", to_csv(table), REAL_EXAMPLE, "text/csv", key="example.real.csv",
                           on_click="ignore")


def _answer(choose: Callable[[CodaSettings], None], table: pd.DataFrame, file: str, asked: Mapping[str, object]) -> None:
    """Bring an example as if a person had uploaded it, and answer it with these settings."""
    try:
        name = session.current().add_upload(file, io.BytesIO(to_csv(table)))
    except InputError as error:
        st.session_state["error.coda"] = str(error)
        return
    choose(CodaSettings.model_validate({"task": "file", "file": f"upload:{name}", **asked}))


def upload(system: System) -> str:
    """The upload box; returns what the setting `file` says."""
    return knobs.kept_upload(system, "file", key="coda.upload",
                             note=f"CSV, TSV, JSON, JSON lines or parquet; at most {MAX_MB} MB and 10,000 rows. It stays in this "
                             "session.")


def answered(result: CodaResult) -> None:
    if result.file is None:
        return
    rows(result.file, place="file")
    known = [row.prefers_right for row in result.file.rows if row.prefers_right is not None]
    if known:
        st.caption(f"The correct class is likelier than the other, by plain probabilities, in {sum(known)} of {len(known)} rows: "
                   "MemoTrap's own score.")


def rows(part: FilePart, *, place: str) -> None:
    """The rows so far: bars where the file says what is right, and the table."""
    bars = figures.bars(part)
    num_answered = len(figures.answered(part))
    st.caption(plain(f"{part.name}: {part.kind}, {part.num_in_file:,} rows, {num_answered:,} answered."))
    for line in figures.problems(part):
        st.warning(plain(line), icon=":material/warning:")
    if bars is not None:
        view.chart(bars, key=f"{place}.bars")
        st.caption("To notice: the intervals, 95 %. Decoders whose intervals overlap widely do not differ on this file.")
    elif num_answered:
        st.caption("No answered row says which answer is right, so nothing is counted.")
    table = figures.table(part)
    st.dataframe(table.tail(8) if place == "live" else table, hide_index=True, width="stretch")
