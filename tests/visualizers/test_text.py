"""Text inside plotly's figures is text."""

import pytest

from visualizers.text import said


@pytest.mark.parametrize(("text", "shown"), [
    ("on", "on"), ("", "nothing"), ("  two\nlines ", "two lines"), ("<b>on</b>", "&lt;b&gt;on&lt;/b&gt;"), ("a & b", "a &amp; b"),
    ("&lt;", "&amp;lt;"), ("$x$", "&#36;x&#36;"), ("%{customdata}", "&#37;{customdata}"), ("50 %", "50 %"), ("a\u202eb", "ab"),
])
def test_what_plotly_would_read_is_written_as_it_stands(text, shown):
    assert said(text) == shown


def test_24_characters_are_shown_whole_and_one_more_is_cut():
    assert said("a" * 24) == "a" * 24
    assert said("a" * 25) == "a" * 23 + "…"
    assert said("<" * 5, 4) == "&lt;" * 3 + "…"  # cut before it is escaped, so that no sign is torn
