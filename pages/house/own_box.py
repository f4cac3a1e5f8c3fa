"""A box for a file of one's own that a page reads itself: taken once, refused in one sentence that stays while the file is there."""

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.house import style
from pages.house.text import plain
from worlds.errors import InputError


def own_box(label: str, key: str, endings: Sequence[str], *, most_mb: int, said: str, take: Callable[[UploadedFile], None]) -> None:
    """Draw the box, and hand over each new file.

    Args:
        key: in the session's state.
        said: the help text.
        take: turns the knobs to a file. Raises InputError where it is nothing that could be used.
    """
    state = st.session_state
    refused: dict[str, str] = state.setdefault(f"{key}.refused", {})
    with st.container(key=style.OWN):
        file = st.file_uploader(label, type=list(endings), key=key, max_upload_size=most_mb, help=said)
        if file is None or state.get(f"{key}.taken") == file.file_id:
            return
        if file.file_id not in refused:
            try:
                take(file)
                state[f"{key}.taken"] = file.file_id
                st.rerun()
            except InputError as error:
                refused[file.file_id] = str(error)
        st.error(plain(refused[file.file_id]), icon=":material/error:")
