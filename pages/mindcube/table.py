"""A table whose numbers have so many digits, and no more."""

import pandas as pd
import streamlit as st


def show(made: pd.DataFrame, *, digits: int = 1) -> None:
    """A table as wide as the page; nothing of one without rows."""
    if made.empty:
        return
    numbers = {str(name): st.column_config.NumberColumn(format=f"%.{digits}f") for name in made.select_dtypes("float").columns}
    st.dataframe(made, hide_index=True, width="stretch", column_config=numbers)
