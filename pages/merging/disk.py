"""Published models merged on the disk: what was checked, what it takes, how far the models are apart, and what was written."""

import streamlit as st

from backends.merging.results import Folders, MergingResult
from pages.house import view, words
from pages.house.text import code, plain
from visualizers.merging import apart, folders

COLOURS = {"fits": "green", "warns": "orange", "refuses": "red"}


def first_view(result: MergingResult) -> None:
    """What came out, what was checked, and what it takes."""
    found = result.folders
    if found is None:
        return
    st.markdown(f"**{plain(folders.sentence(found, is_made=bool(result.made)))}**")
    left, right = st.columns([9, 11], gap="medium")
    with right:
        _findings(found)
    with left:  # on a phone it comes first
        if (figure := folders.sizes(found)) is not None:
            view.chart(figure, key="merging.sizes", is_first=True)
        if found.layout:
            st.caption(f"The seeing model calls its layers {code(found.layout + 'layers.N')}, in "
                       f"{found.shards:,} shard{'s' if found.shards != 1 else ''}; what is written is called the same.")
    words.explain("merging.disk", "tokenizer", "shard", "grouped-query", "first logits")


def _findings(found: Folders) -> None:
    """Each check with its verdict."""
    for finding in found.findings:
        chip = f":{COLOURS[finding.verdict]}-badge[{folders.ICONS[finding.verdict]} {folders.WORDS[finding.verdict]}]"
        st.markdown(f"{chip} **{plain(finding.what)}**  \n{plain(finding.found)}")


def details(result: MergingResult) -> None:
    """How far the models are apart, layer by layer; the recipe and the record."""
    found = result.folders
    if found is None:
        return
    if found.apart:
        st.header("How far apart are the models?")
        for column, (name, figure) in zip(st.columns(2), apart.charts(found.apart).items()):
            with column:
                view.chart(figure, key=f"merging.disk.{name}")
        if said := apart.notice(found.apart):
            st.caption(f"To notice: {plain(said)}")
    if result.made:
        st.info(f"The child is the model {plain(', '.join(result.made))} of this session: choose it under “Ask your questions”.",
                icon=":material/merge:")
    if found.yaml:
        with st.expander("The same merge for mergekit", icon=":material/description:"):
            st.code(found.yaml, language=None)
    if found.record:
        with st.expander("The record of the merge", icon=":material/receipt_long:"):
            st.code(found.record, language=None)


def live(found: Folders) -> None:
    """What was checked so far, and what it takes."""
    _findings(found)
    if (figure := folders.sizes(found)) is not None:
        view.chart(figure, key="live.sizes")
