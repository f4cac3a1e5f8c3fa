"""Text inside plotly's figures is text."""

import pytest

from backends.numbers import fixed, signed
from visualizers.text import listed, per_cent, said


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


@pytest.mark.parametrize(("value", "with_sign", "plain"), [
    (-0.001, "0.00", "0.00"), (0.0, "0.00", "0.00"), (1.239, "+1.24", "1.24"), (-1.239, "-1.24", "-1.24")],
    ids=["below nothing", "nothing", "more", "less"])
def test_a_number_that_is_rounded_to_nothing_has_no_sign(value, with_sign, plain):
    assert (signed(value), fixed(value)) == (with_sign, plain)


@pytest.mark.parametrize(("share", "text"), [
    (0.00099, "below 0.1 %"), (0.0096, "1.0 %"), (0.634, "63 %"), (0.998, "99.8 %"), (1, "100 %"), (0.9999, "above 99.9 %")], ids=str)
def test_no_share_is_told_as_all_or_nothing_that_is_not(share, text):
    assert per_cent(share) == text


def test_long_list_in_a_sentence_ends_with_how_many_are_left_out():
    assert listed(["one", "two"]) == "one; two"
    assert listed(["a" * 60] * 20, 200).endswith("; and 17 more")
