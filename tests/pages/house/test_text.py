"""Text from outside stays text. That no link comes of it is seen in a browser (test_browser)."""

import re

import pytest

from pages.house.text import code, plain


def read(markdown: str) -> str:
    """What a reader of Markdown sees of escaped text: CommonMark, section 2.4."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "").replace("  \n", "\n")


@pytest.mark.parametrize("text", [
    "T* of *b* and **c**, _d_ `e` ~~f~~ $g$ :red[h] [i](j) ![k](l) <b>m</b> &amp; | n | 5.", "1. one", "- a", "# a", "> a", "===",
    "http://evil.example/a_b", "www.evil.example", "me@evil.example", "C:\\Users\\me", "κλειδί"])
def test_every_sign_is_shown_as_it_was_written_and_none_is_read(text):
    escaped = plain(text)

    assert read(escaped) == text
    assert not re.match(r"\s*\d*[-+=.)]", escaped)
    assert not re.search(r"(?<!\\)[*_`~$\[\]<>#|&:]", escaped)


@pytest.mark.parametrize("text", ["http://e.x", "HTTPS://e.x", "ftp://e.x", "www.e.x", "WWW.e.x", "a@e.x", "mailto:a@e.x"])
def test_an_address_is_broken_where_a_link_would_begin(text):
    found = plain(text).replace("\\", "")

    assert not re.search(r"://|www\.|[^\u2060]@", found, re.IGNORECASE) and found.replace("\u2060", "") == text


def test_lines_stay_lines_and_make_no_block():
    assert read(plain("a\r\n\n    b\n- c\n")) == "a\nb\n- c"


def test_signs_that_turn_what_follows_are_left_out():
    assert plain("a\u202egpj\x1b[0m") == "agpj\\[0m"


@pytest.mark.parametrize(("text", "shown"), [("a`b", "`ab`"), ("", "` `"), ("a\n# b", "`a # b`"), ("*x*", "`*x*`")])
def test_code_cannot_be_left(text, shown):
    assert code(text) == shown
